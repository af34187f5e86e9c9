import type { Config } from '../config/schema.ts'
import { forwardAuthSchema, type Preset } from '../config/schema-forward-auth.ts'
import { chunkName } from '../session/chunks.ts'
import { cookieName } from '../session/cookie-name.ts'

/** What a snippet is written from. */
export type SnippetFacts = Readonly<{
  /** Every origin that browsers see, the first one being the main one. */
  publicUrls: readonly string[]
  /** Where Postern's own endpoints are, like `/oauth2`. */
  prefix: string
  /** `host:port` under which the proxy reaches Postern. */
  address: string
  /** `http://host:port` of the service behind the proxy. */
  service: string
  /** The headers of an allowing answer that the service is to get, `Authorization` included. */
  headers: readonly string[]
  /** The names that a session cookie may have, its further parts included. */
  cookies: readonly string[]
  mode: 'status' | 'redirect'
}>

/** One that prints what to write in the configuration of another proxy. */
export type Snippet = (facts: SnippetFacts) => string

/** Where the proxy finds things; each has a default that is easy to see through. */
export type SnippetPlaces = Readonly<{ address?: string; service?: string }>

/** Reads what a snippet for this preset needs out of a configuration; one that has no such section gets its defaults. */
export function snippetFacts(config: Config, preset: Preset, places: SnippetPlaces): SnippetFacts {
  const written = config.forward_auth
  const check =
    written?.preset === preset ? written : { ...forwardAuthSchema.parse({ preset }), ...told(written) }
  return {
    publicUrls: config.server.public_url,
    prefix: config.server.prefix,
    address: places.address ?? reachable(config.server.listen),
    service: places.service ?? 'http://127.0.0.1:8080',
    headers: [
      ...(check.token === 'none' ? [] : ['Authorization']),
      ...Object.keys(check.identity_headers),
      ...(check.access_token_header ? ['X-Auth-Request-Access-Token'] : []),
    ],
    cookies: cookieNames(config.session.cookie, config.server.public_url[0] as string),
    mode: check.mode,
  }
}

type Check = NonNullable<Config['forward_auth']>

/** What the answer carries does not depend on who asks. */
function told(written: Check | undefined) {
  if (written === undefined) return {}
  const { token, access_token_header, identity_headers } = written
  return { token, access_token_header, identity_headers }
}

function reachable(listen: Config['server']['listen']): string {
  return 'port' in listen ? `127.0.0.1:${listen.port}` : '127.0.0.1:4180'
}

function cookieNames(
  { name, domain, max_chunks }: Config['session']['cookie'],
  publicUrl: string,
): readonly string[] {
  const full = cookieName({ name, isSecure: publicUrl.startsWith('https:'), domain })
  return [full, ...Array.from({ length: max_chunks - 1 }, (_, index) => chunkName(full, index + 1))]
}
