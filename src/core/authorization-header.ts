/** What an Authorization header holds, as far as bearer tokens go. */
export type PresentedToken =
  | Readonly<{ kind: 'none' }>
  | Readonly<{ kind: 'malformed' }>
  | Readonly<{ kind: 'token'; token: string }>

const none: PresentedToken = Object.freeze({ kind: 'none' })
const malformed: PresentedToken = Object.freeze({ kind: 'malformed' })

/** A scheme (RFC 9110 section 11.4), and what follows it. */
const credentials = /^([\w!#$%&'*+.^`|~-]+)(?: +(.*))?$/s
/** RFC 6750 section 2.1. */
const b64token = /^[\w.~+/-]+=*$/

/**
 * Reads the one Authorization header of a request. Another scheme than Bearer, in any case, is no token and nobody's
 * concern; what is no credentials at all, or a bearer token with characters that none has, is malformed.
 */
export function presentedToken(header: string | undefined): PresentedToken {
  if (header === undefined) return none
  const [, scheme, token = ''] = credentials.exec(header) ?? []
  if (scheme === undefined) return malformed
  if (scheme.toLowerCase() !== 'bearer') return none
  return b64token.test(token) ? Object.freeze({ kind: 'token', token }) : malformed
}
