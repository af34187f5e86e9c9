/** How an upstream's paths differ from the public ones; built once by `pathMapping`. */
export type PathMapping = Readonly<{
  /** Removed from the front, without a trailing slash; empty removes nothing. */
  strip: string
  /** Put in front afterwards: the upstream's base path and its `add_prefix`, without a trailing slash. */
  add: string
  caseSensitive: boolean
}>

/** Joins base path, `strip_prefix` and `add_prefix` of one upstream into the mapping used for each request. */
export function pathMapping(
  basePath: string,
  stripPrefix: string | undefined,
  addPrefix: string | undefined,
  caseSensitive: boolean,
): PathMapping {
  const add = withoutTrailingSlash(basePath) + withoutTrailingSlash(addPrefix ?? '')
  const strip = withoutTrailingSlash(stripPrefix ?? '')
  return Object.freeze({ strip: caseSensitive ? strip : strip.toLowerCase(), add, caseSensitive })
}

/**
 * The request target an upstream is sent for a canonical path and its query (`''` or `?…`).
 *
 * The prefix is removed only where a segment ends, and without regard to ASCII case unless the upstream is case
 * sensitive, as rules are matched. A path that is not under it is sent whole: which paths reach an upstream is the
 * rules' business. Since only whole segments come and go, a canonical path stays canonical and below the base path.
 */
export function upstreamPath(mapping: PathMapping, path: string, query: string): string {
  const { strip, add } = mapping
  if (strip === '' && add === '') return path + query
  const rest = isUnder(mapping, path) ? singleLeadingSlash(path.slice(strip.length)) : path
  return (add + rest || '/') + query
}

function isUnder({ strip, caseSensitive }: PathMapping, path: string): boolean {
  if (path.length > strip.length && path.charCodeAt(strip.length) !== 0x2f) return false
  const head = path.slice(0, strip.length)
  return (caseSensitive ? head : head.toLowerCase()) === strip
}

// With empty segments allowed, `/api//x` would become `//x`, which many read as an authority.
function singleLeadingSlash(rest: string): string {
  return rest.startsWith('//') ? rest.replace(/^\/+/, '/') : rest
}

function withoutTrailingSlash(prefix: string): string {
  return prefix.replace(/\/+$/, '')
}
