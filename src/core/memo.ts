/** A function of one text that remembers its results. */
export type Memo<T> = (text: string) => T

/** Longer texts are worked on every time, so that nobody can fill the memory with them. */
const longestText = 8_192

type Slot<T> = { text: string; result: T } | undefined

/**
 * Remembers what a pure function made of long texts that come again and again, such as Cookie headers.
 * A slot is found by the length and a few characters, and the text then compared whole: hashing it, as a Map
 * would, costs more than all else that is done with it (measured: 4 of 10 µs for a session cookie).
 *
 * @param slots - how many results are kept, of texts up to 8,192 characters; a text on the same slot replaces the one there
 */
export function createMemo<T>(slots: number, compute: (text: string) => T): Memo<T> {
  const kept: Slot<T>[] = new Array(slots).fill(undefined)
  return (text) => {
    if (text.length > longestText) return compute(text)
    const index = fingerprint(text) % slots
    const slot = kept[index]
    if (slot !== undefined && slot.text === text) return slot.result
    const result = compute(text)
    kept[index] = { text, result }
    return result
  }
}

/** Sixteen characters spread over the text; sealed cookies differ in nearly all of them. */
function fingerprint(text: string): number {
  let hash = text.length
  const step = Math.max(1, text.length >> 4)
  for (let at = text.length - 1; at >= 0; at -= step) hash = (Math.imul(hash, 31) + text.charCodeAt(at)) | 0
  return hash >>> 0
}
