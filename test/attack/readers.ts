/** What one kind of upstream makes of a request target's path. */
type Reader = (path: string) => string

/** Every way that servers, frameworks and file systems are known to read a path, by name. */
const readers: Readonly<Record<string, Reader>> = {
  'as it is': (path) => path,
  'RFC 3986 dot removal': withoutDots,
  'WHATWG URL': (path) => new URL(`http://host${path}`).pathname,
  // What begins with two slashes is an address without a scheme to `new URL(url, base)`.
  'URL against a base': (path) =>
    URL.canParse(path, 'http://host') ? new URL(path, 'http://host').pathname : path,
  'one decoding': decoded,
  'two decodings': (path) => decoded(decoded(path)),
  '%uXXXX': (path) =>
    path.replace(/%u([\da-f]{4})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16))),
  'no parameters': (path) => path.replace(/;[^/]*/g, ''),
  'backslash as slash': (path) => decoded(path).replaceAll('\\', '/'),
  'merged slashes': (path) => path.replace(/\/+/g, '/'),
  'lower case': (path) => path.toLowerCase(),
  'upper case': (path) => decoded(path).toUpperCase(),
  'trimmed segments': (path) => trimmed(decoded(path)),
  'cut at NUL': (path) => decoded(path).split('\0')[0] as string,
  'cut at ? or #': (path) => decoded(path).split(/[?#]/)[0] as string,
  'no controls': (path) => decoded(path).replace(/\p{Cc}/gu, ''),
  'no invisible characters': (path) => decoded(path).replace(/\p{Cf}/gu, ''),
  NFKC: (path) => decoded(path).normalize('NFKC'),
  'overlong UTF-8': overlong,
}

/**
 * Everything that the readers, alone and in pairs, may take this target for, each with the name of who does.
 * The query is no part of it.
 */
export function readingsOf(target: string): ReadonlyMap<string, string> {
  const [path = ''] = target.split('?')
  const found = new Map([[path, 'as it is']])
  for (const [known, by] of [...found, ...readAll(path)]) {
    for (const [reading, then] of readAll(known)) {
      if (!found.has(reading)) found.set(reading, `${by}, ${then}`)
    }
  }
  return found
}

function readAll(path: string): [reading: string, by: string][] {
  return Object.entries(readers).map(([name, read]) => [read(path), name])
}

/** Decodes what can be decoded and leaves the rest. */
function decoded(path: string): string {
  if (!path.includes('%')) return path
  return path.replace(/(?:%[\da-f]{2})+/gi, (run) => {
    try {
      return decodeURIComponent(run)
    } catch {
      return run.replace(/%([0-7][\da-f])/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
    }
  })
}

/** Windows drops dots and blanks at the end of each segment, and blanks before it. */
export function trimmed(path: string): string {
  const [, ...segments] = path.split('/').map((segment) => segment.replace(/^\s+|[\s.]+$/g, ''))
  return `/${segments.filter((segment, index) => segment !== '' || index === segments.length - 1).join('/')}`
}

export function withoutDots(path: string): string {
  const kept: string[] = []
  for (const segment of path.slice(1).split('/')) {
    if (segment === '..') kept.pop()
    else if (segment !== '.') kept.push(segment)
  }
  return `/${kept.join('/')}`
}

/** Decodes UTF-8 as old decoders did: by its bits, without asking whether it is the shortest form. */
function overlong(path: string): string {
  return path.replace(/(?:%[\da-f]{2})+/gi, (run) => {
    const bytes = [...run.matchAll(/%(..)/g)].map(([, hex]) => Number.parseInt(hex as string, 16))
    let text = ''
    for (let at = 0; at < bytes.length; ) {
      const length = sequenceLength(bytes[at] as number)
      text += String.fromCodePoint(Math.min(codePoint(bytes.slice(at, at + length)), 0x10_ff_ff))
      at += length
    }
    return text
  })
}

function sequenceLength(first: number): number {
  if (first >= 0xf0) return 4
  if (first >= 0xe0) return 3
  return first >= 0xc0 ? 2 : 1
}

function codePoint([first = 0, ...rest]: readonly number[]): number {
  const bits = rest.length === 0 ? first : first & (0x3f >> rest.length)
  return rest.reduce((code, byte) => code * 64 + (byte & 0x3f), bits)
}
