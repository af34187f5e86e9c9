import type { Rule } from './rule.ts'
import type { Claims } from './session.ts'

const none: readonly string[] = Object.freeze([])

/** The scopes a rule asks for that were not granted: of `scopes` each, of `anyScope` all when none of them was. */
export function missingScopes(
  { scopes, anyScope }: Pick<Rule, 'scopes' | 'anyScope'>,
  granted: readonly string[],
): readonly string[] {
  const isMissing = (scope: string) => !granted.includes(scope)
  const missing = hasAll(granted, scopes) ? none : scopes.filter(isMissing)
  return anyScope.length > 0 && anyScope.every(isMissing) ? [...missing, ...anyScope] : missing
}

/** Nearly every request has all: a plain loop for these. */
function hasAll(granted: readonly string[], scopes: readonly string[]): boolean {
  for (const scope of scopes) if (!granted.includes(scope)) return false
  return true
}

/**
 * The names of the claims that neither equal nor contain a value the rule lists. Types count: the number 1 is not the
 * string '1', and only the boolean true is true.
 */
export function missingClaims(wanted: Rule['claims'], claims: Claims): readonly string[] {
  return Object.keys(wanted).filter((name) => {
    const listed: readonly unknown[] = wanted[name] as readonly unknown[]
    const value = claimValue(claims, name)
    return Array.isArray(value) ? !value.some((item) => listed.includes(item)) : !listed.includes(value)
  })
}

/**
 * The claim of a dotted name, as in `realm_access.roles`; undefined when there is none. Own properties only, and a key
 * that contains the dots itself wins, at every level.
 */
export function claimValue(claims: Claims, name: string): unknown {
  if (Object.hasOwn(claims, name)) return claims[name]
  for (let dot = name.lastIndexOf('.'); dot > 0; dot = name.lastIndexOf('.', dot - 1)) {
    const inner = Object.hasOwn(claims, name.slice(0, dot)) ? claims[name.slice(0, dot)] : undefined
    const value = isObject(inner) ? claimValue(inner, name.slice(dot + 1)) : undefined
    if (value !== undefined) return value
  }
  return undefined
}

function isObject(value: unknown): value is Claims {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
