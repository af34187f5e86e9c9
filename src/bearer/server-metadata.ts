import { PosternError } from '../core/errors.ts'
import { fetchJsonDocument, isObject } from '../provider/json-document.ts'
import { checkEndpoint } from '../provider/metadata.ts'
import type { Fetch } from '../provider/provider-fetch.ts'

type Server = Readonly<{ issuer: string; dangerously_allow_http: boolean }>

/**
 * Finds an endpoint in the metadata that an authorization server publishes: by OpenID Connect Discovery, or else by RFC 8414.
 * Rejects with POSTERN_PROVIDER_UNREACHABLE, or with POSTERN_PROVIDER_INVALID when there is no document of this very issuer.
 * @see OpenID Connect Discovery 1.0 section 4, RFC 8414 section 3
 */
export async function discoverEndpoint(
  name: 'jwks_uri' | 'introspection_endpoint',
  server: Server,
  fetch: Fetch,
): Promise<string> {
  const [first, second] = metadataAddresses(server.issuer)
  try {
    return await endpointIn(first, name, server, fetch)
  } catch (error) {
    if ((error as PosternError).code !== 'POSTERN_PROVIDER_INVALID') throw error
    // What the first document lacks is the better hint, if the second one does not help.
    return endpointIn(second, name, server, fetch).catch(() => Promise.reject(error))
  }
}

/** One standard appends its path to that of the issuer, the other puts it before. */
function metadataAddresses(issuer: string): [string, string] {
  const { origin, pathname } = new URL(issuer)
  const path = pathname.replace(/\/$/, '')
  return [
    `${origin}${path}/.well-known/openid-configuration`,
    `${origin}/.well-known/oauth-authorization-server${path}`,
  ]
}

async function endpointIn(address: string, name: string, server: Server, fetch: Fetch): Promise<string> {
  const document = await fetchJsonDocument(fetch, address, 'application/json')
  if (!isObject(document) || document['issuer'] !== server.issuer) {
    throw new PosternError('POSTERN_PROVIDER_INVALID', `${address} is no metadata of this issuer`)
  }
  return checkEndpoint(name, document[name], server)
}
