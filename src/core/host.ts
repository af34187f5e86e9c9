/** A Host header, taken apart: lower case, port as digits or empty. */
export type HostPort = Readonly<{ host: string; port: string }>

const label = '[a-z\\d_](?:[a-z\\d_-]{0,61}[a-z\\d_])?'
const hostPattern = new RegExp(
  `^(${label}(?:\\.${label})*|\\[(?=[^\\]]*:[^\\]]*:)[\\da-f:.]{2,45}\\])(?::([1-9]\\d{0,4}))?$`,
  'i',
)

/**
 * Takes a Host header apart; undefined when it is not one name, IPv4 or bracketed IPv6 address with an optional port
 * of 1 to 65535. Stricter than the standard on purpose: no userinfo, lists, escapes, empty ports, and no trailing dot,
 * which browsers treat as another origin with other cookies. Nor is it a host that no URL can have, such as `xn--a.example`:
 * addresses are made of it later.
 * @see RFC 9110 section 7.2, RFC 3986 section 3.2.2
 */
export function parseHost(header: string): HostPort | undefined {
  if (header.length > 260) return undefined
  const found = hostPattern.exec(header)
  if (found === null) return undefined
  const [, host = '', port = ''] = found
  if (host.length > 253 || Number(port) > 65535 || !URL.canParse(`http://${host}`)) return undefined
  return { host: host.toLowerCase(), port }
}

/** The host as origins and the rule table name it: without the port that is the scheme's default. */
export function hostKey({ host, port }: HostPort, scheme: 'http' | 'https'): string {
  const defaultPort = scheme === 'https' ? '443' : '80'
  return port === '' || port === defaultPort ? host : `${host}:${port}`
}
