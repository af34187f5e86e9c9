import type { ServerMetadata } from 'openid-client'
import { PosternError } from '../core/errors.ts'
import type { ProviderConfig } from './provider-config.ts'

/** What is known about a provider: checked endpoints, and for OpenID Connect the issuer and its keys. */
export type ProviderMetadata = Readonly<
  ServerMetadata & { authorization_endpoint: string; token_endpoint: string; jwks_uri?: string }
>

const required = ['authorization_endpoint', 'token_endpoint', 'jwks_uri'] as const
const optional = ['userinfo_endpoint', 'revocation_endpoint', 'end_session_endpoint'] as const

/**
 * Keeps of a discovery document what is used here, after checking it: the issuer is the configured one to the letter, and
 * every endpoint is https (http only where the issuer itself is http, on loopback or by `dangerously_allow_http`).
 * The document's list of algorithms is replaced by the configured one, so it can never widen it.
 * Throws POSTERN_PROVIDER_INVALID. @see OpenID Connect Discovery 1.0 section 4.3
 */
export function checkMetadata(
  document: Readonly<Record<string, unknown>>,
  config: ProviderConfig,
): ProviderMetadata {
  const issuer = config.issuer as string
  if (document['issuer'] !== issuer) {
    throw invalid(
      `the discovery document is for the issuer ${printable(document['issuer'])}, configured is "${issuer}"`,
    )
  }
  const names = [...required, ...optional.filter((name) => document[name] !== undefined)]
  return Object.freeze({
    issuer,
    ...Object.fromEntries(names.map((name) => [name, checkEndpoint(name, document[name], config)])),
    authorization_response_iss_parameter_supported:
      document['authorization_response_iss_parameter_supported'] === true,
    id_token_signing_alg_values_supported: [...config.id_token_algorithms],
  }) as ProviderMetadata
}

/**
 * The metadata of a plain OAuth 2.0 provider, from its configured endpoints. It has no issuer; its token endpoint stands in
 * as the audience of client assertions (RFC 7523 section 3).
 */
export function metadataOfEndpoints(endpoints: NonNullable<ProviderConfig['endpoints']>): ProviderMetadata {
  return Object.freeze({
    issuer: endpoints.token,
    authorization_endpoint: endpoints.authorization,
    token_endpoint: endpoints.token,
    ...(endpoints.userinfo && { userinfo_endpoint: endpoints.userinfo }),
    ...(endpoints.revocation && { revocation_endpoint: endpoints.revocation }),
    ...(endpoints.end_session && { end_session_endpoint: endpoints.end_session }),
  })
}

/** What decides whether a plain http address may be asked. */
type HttpRules = Readonly<{ issuer?: string | undefined; dangerously_allow_http: boolean }>

/** Tells whether a plain http address may be asked: see `checkMetadata`. */
function mayUseHttp(url: URL, config: HttpRules): boolean {
  if (config.dangerously_allow_http) return true
  return config.issuer?.startsWith('http:') === true && isLoopback(url.hostname)
}

function isLoopback(hostname: string): boolean {
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname)
}

/**
 * The address of an endpoint in a discovery document, checked as `checkMetadata` says.
 * Throws POSTERN_PROVIDER_INVALID.
 */
export function checkEndpoint(name: string, value: unknown, config: HttpRules): string {
  if (typeof value !== 'string' || !URL.canParse(value))
    throw invalid(`the discovery document has no valid ${name}`)
  const url = new URL(value)
  const isAllowed = url.protocol === 'https:' || (url.protocol === 'http:' && mayUseHttp(url, config))
  if (!isAllowed) throw invalid(`the ${name} of the discovery document is not https`)
  if (url.username !== '' || url.password !== '' || url.hash !== '') {
    throw invalid(`the ${name} of the discovery document has credentials or a fragment`)
  }
  return url.href
}

function printable(issuer: unknown): string {
  return typeof issuer === 'string' ? JSON.stringify(issuer.slice(0, 200)) : 'that is not a string'
}

function invalid(detail: string): PosternError {
  return new PosternError('POSTERN_PROVIDER_INVALID', detail)
}
