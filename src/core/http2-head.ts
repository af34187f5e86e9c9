/**
 * The header lines that say in HTTP/1.1 what the fields of an HTTP/2 request say, so that both are judged by the same eyes:
 * `:authority` is the Host, the other pseudo fields stand in no line, and the pieces of a cookie are one.
 *
 * A `host` that differs from `:authority` stays beside it: two Hosts, which `headProblem` refuses.
 *
 * @param fields - names and values alternating, as received
 * @see RFC 9113 sections 8.2.3, 8.3.1
 */
export function linesOfFields(fields: readonly string[]): string[] {
  const lines: string[] = []
  let authority: string | undefined
  let cookieAt: number | undefined
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string
    const value = fields[i + 1] as string
    if (name === ':authority') {
      authority = value
      lines.push('host', value)
    } else if (name.startsWith(':') || (name === 'host' && value === authority)) continue
    else if (name === 'cookie' && cookieAt !== undefined) lines[cookieAt] += `; ${value}`
    else {
      lines.push(name, value)
      if (name === 'cookie') cookieAt = lines.length - 1
    }
  }
  return lines
}

/** Name, colon, blank and line end, as HTTP/1.1 writes a line beside its name and value. */
const bytesAround = 4

/** How long these lines are, in bytes. */
export function bytesOfLines(lines: readonly string[]): number {
  return lines.reduce((sum, text) => sum + text.length, (lines.length / 2) * bytesAround)
}
