/** Writes names as a sentence does: `a`, `a and b`, `a, b and c`; of many, the first three. */
export function listed(names: readonly string[]): string {
  const shown = names.length > 4 ? [...names.slice(0, 3), `${names.length - 3} others`] : names
  return shown.join(', ').replace(/, ([^,]+)$/, ' and $1')
}
