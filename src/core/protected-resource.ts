import type { Rule } from './rule.ts'

/** Where the metadata of protected resources begins (RFC 9728 section 3). */
export const resourceMetadataPath = '/.well-known/oauth-protected-resource'

/** An authorization server, by name if it has one, and whom its tokens may be for. */
export type AuthorizationServer = Readonly<{ issuer?: string | undefined; audience: readonly string[] }>

/** What a protected resource tells about itself (RFC 9728 section 2). */
export type ResourceMetadata = Readonly<{
  resource: string
  authorization_servers?: readonly string[]
  scopes_supported?: readonly string[]
  bearer_methods_supported: readonly ['header']
}>

/**
 * The identifier of the resource that a request is for: the audience that names it or what it is part of, so that a
 * token asked for under this name is one that is accepted here; without such an audience, the address itself.
 */
export function resourceFor(origin: string, path: string, audiences: readonly string[]): string {
  const covering = audiences.filter((audience) => covers(audience, origin, path))
  return covering.sort((a, b) => b.length - a.length)[0] ?? origin + path
}

function covers(audience: string, origin: string, path: string): boolean {
  if (!audience.startsWith(origin)) return false
  const base = audience.slice(origin.length)
  return (
    base === '' ||
    base === path ||
    (path.startsWith(base) && (base.endsWith('/') || path[base.length] === '/'))
  )
}

/** The address of a resource's metadata: the well-known part goes between host and path (RFC 9728 section 3.1). */
export function metadataAddress(resource: string): string {
  const { origin, pathname } = new URL(resource)
  return origin + resourceMetadataPath + (pathname === '/' ? '' : pathname)
}

/**
 * The metadata of the resource at a path, by the rules there; undefined when none of them takes bearer tokens.
 * Of the whole host, whose path is empty, no rule need speak, nor of what tokens name as their audience.
 */
export function resourceMetadata(
  origin: string,
  path: string,
  rules: readonly Rule[],
  servers: readonly AuthorizationServer[],
): ResourceMetadata | undefined {
  const taking = rules.filter(
    ({ access, credentials }) => access !== 'public' && credentials.includes('bearer'),
  )
  const address = origin + path
  const narrowed = narrowedAudiences(taking)
  const name = exactName(address, narrowed ?? servers.flatMap(({ audience }) => audience))
  const isWholeHost = path === '' || path === '/'
  if (taking.length === 0 && !isWholeHost && name === undefined) return undefined
  const wanted = taking.length === 0 && name !== undefined ? [name] : narrowed
  const fitting = servers.filter(({ audience }) => wanted?.some((one) => audience.includes(one)) ?? true)
  const issuers = new Set(fitting.flatMap(({ issuer }) => issuer ?? []))
  const scopes = new Set(taking.flatMap(({ scopes, anyScope }) => [...scopes, ...anyScope]))
  // What would be empty is left out (RFC 9728 section 3.2).
  return {
    resource: name ?? address,
    ...(issuers.size > 0 && { authorization_servers: [...issuers] }),
    ...(scopes.size > 0 && { scopes_supported: [...scopes] }),
    bearer_methods_supported: ['header'],
  }
}

/** The audiences of which one is needed, whatever the rule; undefined when a rule takes them all. */
function narrowedAudiences(rules: readonly Rule[]): readonly string[] | undefined {
  const narrowing = rules.map(({ audience }) => audience).filter(({ length }) => length > 0)
  return narrowing.length === 0 || narrowing.length < rules.length ? undefined : narrowing.flat()
}

/** The name of the resource as its tokens have it: its address, or what differs from that in the last slash only. */
function exactName(address: string, audiences: readonly string[]): string | undefined {
  const other = address.endsWith('/') ? address.slice(0, -1) : `${address}/`
  return [address, other].find((name) => audiences.includes(name))
}
