import type { Rule } from './rule.ts'

/** Where the metadata of protected resources begins (RFC 9728 section 3). */
export const resourceMetadataPath = '/.well-known/oauth-protected-resource'

/** An authorization server, and whom its tokens may be for. */
export type AuthorizationServer = Readonly<{ issuer: string; audience: readonly string[] }>

/** What a protected resource tells about itself (RFC 9728 section 2). */
export type ResourceMetadata = Readonly<{
  resource: string
  authorization_servers: readonly string[]
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
 * The path is empty for the whole host, of which no rule need speak.
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
  if (path !== '' && taking.length === 0) return undefined
  const narrowed = new Set(taking.flatMap(({ audience }) => audience))
  const isNarrowed = taking.length > 0 && taking.every(({ audience }) => audience.length > 0)
  const fitting = servers.filter(({ audience }) => !isNarrowed || audience.some((name) => narrowed.has(name)))
  const scopes = [...new Set(taking.flatMap(({ scopes, anyScope }) => [...scopes, ...anyScope]))]
  return {
    resource: exactName(origin + path, fitting),
    authorization_servers: [...new Set(fitting.map(({ issuer }) => issuer))],
    ...(scopes.length > 0 && { scopes_supported: scopes }),
    bearer_methods_supported: ['header'],
  }
}

/** The name of the resource as its tokens have it, where that differs from the address in the last slash only. */
function exactName(address: string, servers: readonly AuthorizationServer[]): string {
  const isAudience = (name: string) => servers.some(({ audience }) => audience.includes(name))
  return !isAudience(address) && isAudience(`${address}/`) ? `${address}/` : address
}
