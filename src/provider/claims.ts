import { PosternError } from '../core/errors.ts'
import type { Claims } from '../core/session.ts'
import { isObject } from './json-document.ts'

/** Claims about the token, not about the person; `iss`, `sub`, `sid`, `acr`, `amr` and `auth_time` are kept. */
const protocolClaims = new Set(
  ['aud', 'azp', 'exp', 'iat', 'nbf', 'jti', 'nonce', 'at_hash', 'c_hash', 's_hash', 'typ', 'cnf'].concat(
    '__proto__',
  ),
)

/** Claims nested deeper than this are refused: whoever copies or serialises them later must not run out of stack. */
const maxDepth = 20

/**
 * Joins claim sets, the first that has a claim wins, without protocol claims and with `sub` as given. The result is frozen
 * all the way down and shares nothing with its sources. Throws POSTERN_PROVIDER_INVALID for absurd nesting.
 */
export function mergeClaims(sub: string, sources: readonly Claims[]): Claims {
  const entries = [...sources].reverse().flatMap((claims) => Object.entries(claims))
  const kept = entries.filter(([name]) => !protocolClaims.has(name))
  return copy({ ...Object.fromEntries(kept), sub }, 0) as Claims
}

/** The claims that say how and when somebody authenticated; rules rely on them, so only the ID token may make them. */
const authenticationClaims = ['acr', 'amr', 'auth_time'] as const

/** What a claim set says about the authentication (OpenID Connect Core 1.0 section 2). */
export function authenticationOf(claims: Claims): Claims {
  const found = authenticationClaims.filter((name) => claims[name] !== undefined)
  return Object.fromEntries(found.map((name) => [name, claims[name]]))
}

/** The same claims, but about the authentication only what `source` says; frozen again. */
export function withAuthentication(claims: Claims, source: Claims): Claims {
  const isKept = ([name]: [string, unknown]) => !authenticationClaims.some((other) => other === name)
  const kept = Object.fromEntries(Object.entries(claims).filter(isKept))
  return Object.freeze({ ...kept, ...(copy(authenticationOf(source), 0) as Claims) })
}

/** The claims that do not come from these older sources: neither name nor value is theirs. */
export function claimsBeside(claims: Claims, sources: readonly Claims[]): Claims {
  const isTheirs = ([name, value]: [string, unknown]) =>
    sources.some(
      (source) => Object.hasOwn(source, name) && JSON.stringify(source[name]) === JSON.stringify(value),
    )
  return Object.fromEntries(Object.entries(claims).filter((entry) => !isTheirs(entry)))
}

/**
 * The claims of a plain OAuth 2.0 provider's UserInfo answer, by a map of claim name to dotted path. A number as `sub`
 * becomes a string. Throws POSTERN_PROVIDER_INVALID when there is no usable `sub`.
 */
export function mapUserInfo(
  answer: unknown,
  mapping: Readonly<Record<string, string>>,
): Claims & { sub: string } {
  if (!isObject(answer))
    throw new PosternError('POSTERN_PROVIDER_INVALID', 'the UserInfo answer is not a JSON object')
  const mapped = Object.entries({ sub: 'sub', ...mapping }).map(
    ([name, path]) => [name, valueAt(answer, path)] as const,
  )
  const claims = Object.fromEntries(mapped.filter(([, value]) => value !== undefined))
  const sub = typeof claims['sub'] === 'number' ? String(claims['sub']) : claims['sub']
  return { ...claims, sub: checkedSubject(sub) }
}

/**
 * A subject identifier: a string of 1 to 255 printable ASCII characters, else POSTERN_PROVIDER_INVALID.
 * @see OpenID Connect Core 1.0 section 2
 */
export function checkedSubject(sub: unknown): string {
  if (typeof sub === 'string' && /^[\x20-\x7e]{1,255}$/.test(sub)) return sub
  throw new PosternError(
    'POSTERN_PROVIDER_INVALID',
    'the subject is missing or not of 1 to 255 printable ASCII characters',
  )
}

function valueAt(answer: unknown, path: string): unknown {
  let value = answer
  for (const name of path.split('.')) {
    if (!isObject(value) || !Object.hasOwn(value, name)) return undefined
    value = value[name]
  }
  return value
}

function copy(value: unknown, depth: number): unknown {
  if (depth > maxDepth) throw new PosternError('POSTERN_PROVIDER_INVALID', 'the claims are nested too deeply')
  if (Array.isArray(value)) return Object.freeze(value.map((item) => copy(item, depth + 1)))
  if (!isObject(value)) return value
  const entries = Object.entries(value).filter(([name]) => name !== '__proto__')
  return Object.freeze(Object.fromEntries(entries.map(([name, item]) => [name, copy(item, depth + 1)])))
}
