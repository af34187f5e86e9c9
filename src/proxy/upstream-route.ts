import { type PathMapping, pathMapping } from './upstream-path.ts'

/** What an entry of `upstreams` in the configuration says about requests, not about connections. */
export type UpstreamRouteConfig = Readonly<{
  url: Readonly<{ origin: string; socket_path?: string | undefined; base_path: string }>
  token: 'access' | 'id' | 'none'
  host: 'keep' | 'rewrite'
  strip_prefix?: string | undefined
  add_prefix?: string | undefined
  case_sensitive: boolean
  identity_headers: Readonly<Record<string, string>>
}>

/** What an upstream is asked for and told, whoever carries it there. */
export type UpstreamRoute = Readonly<{
  name: string
  /** The Host to send instead of the client's; undefined keeps the client's. */
  host: string | undefined
  mapping: PathMapping
  token: 'access' | 'id' | 'none'
  /** Header name to dotted claim name. */
  identityHeaders: Readonly<Record<string, string>>
}>

/** The part of an upstream that needs no connection. */
export function upstreamRoute(name: string, config: UpstreamRouteConfig): UpstreamRoute {
  return {
    name,
    host: config.host === 'rewrite' ? new URL(config.url.origin).host : undefined,
    mapping: pathMapping(config.url.base_path, config.strip_prefix, config.add_prefix, config.case_sensitive),
    token: config.token,
    identityHeaders: config.identity_headers,
  }
}
