// C0 and C1 controls, delete, the line separators of Unicode and direction overrides.
const controls = /[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu

/** Writes control characters as `\u001b`, so that no text can start a new line or drive a terminal. */
export function escapeControls(text: string): string {
  return text.replace(controls, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}
