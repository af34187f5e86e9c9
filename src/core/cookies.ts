/** One cookie as it was sent: the value is not decoded, quotes stay. */
export type CookiePair = Readonly<{ name: string; value: string }>

// The lookbehind keeps the cost linear: without it, every blank of a run begins a search for the end.
const outerBlanks = /^[ \t]+|(?<![ \t])[ \t]+$/g

/**
 * The cookies of a Cookie header whose exact name is wanted, in order, duplicates included. Only spaces and tabs are
 * trimmed, so that a name behind other white space or without `=` stays a different one.
 * @see RFC 6265 section 4.2.1
 */
export function readCookies(header: string, wants: (name: string) => boolean): CookiePair[] {
  const found: CookiePair[] = []
  for (const pair of header.split(';')) {
    const equals = pair.indexOf('=')
    const name = pair.slice(0, Math.max(equals, 0)).replace(outerBlanks, '')
    if (equals !== -1 && wants(name))
      found.push({ name, value: pair.slice(equals + 1).replace(outerBlanks, '') })
  }
  return found
}

/**
 * A Cookie header without the cookies that `drops` names, the others byte for byte; undefined when none is left.
 * `drops` is asked about the name as written and about what a lax reader may make of it (see `foldCookieName`),
 * so it must know its names in the folded form too.
 */
export function withoutCookies(header: string, drops: (name: string) => boolean): string | undefined {
  const pairs = header.split(';')
  const kept = pairs.filter((pair) => !namesOf(pair).some(drops))
  if (kept.length === pairs.length) return header
  return kept.some(hasContent) ? kept.join(';').replace(outerBlanks, '') : undefined
}

/**
 * What the laxest reader makes of a cookie name: percent-escapes decoded, anything but letters, digits, `.`, `_` and
 * `-` dropped (other white space, quotes, a leading `$`), lower case.
 */
export function foldCookieName(name: string): string {
  const decoded = name.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return decoded.replace(/[^\w.-]+/g, '').toLowerCase()
}

/** The name as written, and the folded one; a pair that begins with `=` is read as if it did not. */
function namesOf(pair: string): string[] {
  const name = (/^[^=]*/.exec(pair.replace(/^[\s=]+/, '')) as RegExpExecArray)[0].replace(outerBlanks, '')
  return [name, foldCookieName(name)]
}

function hasContent(pair: string): boolean {
  return pair.replace(outerBlanks, '') !== ''
}
