/** What one lax upstream makes of a normalised path; the path itself when it sees nothing special in it. */
type Reader = (path: string) => string

const readers: readonly Reader[] = [
  // Decodes before it routes.
  (path) => path.replaceAll('%2F', '/'),
  (path) => path.replace(/%(?:2[146-9A-C]|3[AD]|40|5[BDE]|7C)/g, decodeURIComponent),
  // Takes what begins with an empty segment for the address of another host, as browsers and `new URL(url, base)` do; to
  // Windows a segment of dots is empty.
  (path) =>
    /^\/(?:\.{3,})?\//.test(path) ? path.replace(/^(?:\/(?:\.{3,})?(?=\/))+\/[^/]*/, '') || '/' : path,
  // Merges slashes.
  (path) => path.replace(/\/{2,}/g, '/'),
  // Servlet containers drop path parameters.
  (path) => path.replace(/;[^/]*/g, ''),
  // Windows trims segments; of one that is all dots nothing is left. The lookbehind keeps the cost linear.
  (path) =>
    path
      .replace(/\/\.{3,}(?=\/)/g, '')
      .replace(/(?<=\/)(?:%20)+/g, '')
      .replace(/(?<!\.|%20)(?:\.|%20)+(?=\/|$)/g, ''),
  // URL parsers trim blanks at the very end, and nowhere else. The lookbehind keeps this linear, too.
  (path) => path.replace(/(?<!%20)(?:%20)+$/, ''),
  // Full case folding.
  (path) => path.replace(/%C3%9F|%E1%BA%9E/g, 'ss'),
]

/** How many readings beside itself a path may have; honest ones have one or two. */
const maxReadings = 7

/** For the paths that are read in one way only. */
export const noReadings: readonly never[] = Object.freeze([])

/**
 * All that lax upstreams, alone or in a row, may read instead of this normalised path; undefined when it has too
 * many readings, or when one of them has an empty segment that the path itself has not.
 */
export function otherReadings(path: string): readonly string[] | undefined {
  const readings = new Set([path])
  for (const known of readings) {
    for (const read of readers) readings.add(read(known))
    if (readings.size > maxReadings + 1) return undefined
  }
  if (readings.size === 1) return noReadings
  readings.delete(path)
  return path.includes('%2F') && [path, ...readings].some(hasEmptySegment) ? undefined : [...readings]
}

function hasEmptySegment(path: string): boolean {
  return path.includes('//')
}
