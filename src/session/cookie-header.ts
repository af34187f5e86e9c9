/** One cookie of a request; `suffix` is what follows the sought name in its name. */
export type FoundCookie = Readonly<{ suffix: string; value: string }>

/**
 * Finds the cookies of a Cookie header whose name begins with `name`, duplicates included, in the order they came.
 * Nothing is decoded or unquoted: what we set needs neither.
 * @see RFC 6265 section 4.2.1
 */
export function findCookies(header: string | undefined, name: string): FoundCookie[] {
  const found: FoundCookie[] = []
  if (header === undefined) return found
  for (const pair of header.split(';')) {
    const start = pair.search(/[^ \t]/)
    const equals = pair.indexOf('=')
    if (equals === -1 || !pair.startsWith(name, start)) continue
    found.push({ suffix: pair.slice(start + name.length, equals), value: pair.slice(equals + 1) })
  }
  return found
}
