/** Flat headers (names and values alternating) without those named, in lower case. */
export function withoutHeaders(headers: string[], names: readonly string[]): string[] {
  if (names.length === 0) return headers
  // A set, since both lists are as long as a stranger likes.
  const dropped = new Set(names)
  return headers.filter((_, i) => !dropped.has((headers[i - (i % 2)] as string).toLowerCase()))
}
