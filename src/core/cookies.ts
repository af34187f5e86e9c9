// The lookbehind keeps the cost linear: without it, every blank of a run begins a search for the end.
const outerBlanks = /^[ \t]+|(?<![ \t])[ \t]+$/g

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
