/** One way in which software behind a gateway may read a request target; undefined where it would refuse it. */
export type Reader = (path: string) => string | undefined

/** The laxest readers known, each alone; upstreams are rows of them. */
const readers: Readonly<Record<string, Reader>> = {
  'as it is': (path) => path,
  'dot segments removed': removeDotSegments,
  'as a browser': (path) => (URL.canParse(path, 'http://h') ? new URL(path, 'http://h').pathname : undefined),
  'decoded once': decode,
  'decoded twice': (path) => decode(decode(path)),
  'parameters stripped': (path) => path.replace(/;[^/]*/g, ''),
  'backslash as slash': (path) => path.replaceAll('\\', '/'),
  'slashes merged': mergeSlashes,
  'lower case': (path) => path.toLowerCase(),
  'segments trimmed': (path) => path.replace(/[. ]+(?=\/|$)/g, ''),
  'cut at NUL': (path) => path.replace(/\0.*$/s, ''),
  'cut at a hash': (path) => path.replace(/#.*$/s, ''),
  NFKC: (path) => path.normalize('NFKC'),
  'overlong UTF-8': decodeOverlong,
  '%u escapes': (path) =>
    path.replace(/%u([\da-f]{4})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
}

/** Everything that one reader after another may make of a target, by the names of the readers; the query is no part of it. */
export function readingsOf(target: string): Map<string, string> {
  const path = target.replace(/\?.*$/s, '')
  const found = new Map<string, string>()
  for (const [first, readFirst] of Object.entries(readers)) {
    const once = readFirst(path)
    if (once === undefined) continue
    for (const [second, readSecond] of Object.entries(readers)) {
      const twice = readSecond(once)
      if (twice !== undefined) found.set(`${first}, then ${second}`, settled(twice))
    }
  }
  return found
}

/** What every reader does at the very end, when it looks for a file or a handler. */
function settled(path: string): string {
  return mergeSlashes(removeDotSegments(mergeSlashes(path))).toLowerCase()
}

/** RFC 3986 section 5.2.4. */
function removeDotSegments(path: string): string {
  const output: string[] = []
  const segments = path.split('/').slice(1)
  for (const [index, segment] of segments.entries()) {
    const isLast = index === segments.length - 1
    if (segment === '..') output.pop()
    if (segment !== '.' && segment !== '..') output.push(segment)
    else if (isLast) output.push('')
  }
  return `/${output.join('/')}`
}

function mergeSlashes(path: string): string {
  return path.replace(/\/{2,}/g, '/')
}

function decode(path: string): string {
  const bytes = path.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  // Targets come as one character a byte; where they are no UTF-8, each byte stays what it is.
  const buffer = Buffer.from(bytes, 'latin1')
  const text = buffer.toString('utf8')
  return text.includes('\ufffd') ? bytes : text
}

/** `%c0%af` as `/`: the shortest form was never demanded by careless decoders. */
function decodeOverlong(path: string): string {
  const two = /%c([01])%([89ab][\da-f])/gi
  const three = /%e0%(8[01])%([89ab][\da-f])/gi
  const low = (hex: string) => Number.parseInt(hex, 16) & 0x3f
  return path
    .replace(two, (_, lead, trail) => String.fromCharCode((Number(lead) << 6) | low(trail)))
    .replace(three, (_, middle, trail) => String.fromCharCode((low(middle) << 6) | low(trail)))
}
