/** Flat headers (names and values alternating) without those named, in lower case. */
export function withoutHeaders(headers: string[], names: readonly string[]): string[] {
  if (names.length === 0) return headers
  return headers.filter((_, i) => !names.includes((headers[i - (i % 2)] as string).toLowerCase()))
}
