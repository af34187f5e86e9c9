import { createPrivateKey, type JsonWebKey } from 'node:crypto'
import { type CryptoKey, importJWK, type JWK } from 'jose'
import * as client from 'openid-client'
import type { ProviderConfig } from './provider-config.ts'

/** What a client has to prove who it is. */
type ClientCredentials = Pick<ProviderConfig, 'client_auth' | 'client_secret' | 'client_key'>

/**
 * The one way this client proves who it is to the provider's endpoints (RFC 6749 section 2.3).
 * openid-client form-encodes Basic credentials, and makes client assertions (RFC 7523) with the issuer as audience, 60 s of
 * life and a random `jti`. Throws a plain Error when the configured key cannot be read.
 */
export function createClientAuthentication(config: ClientCredentials): client.ClientAuth {
  switch (config.client_auth) {
    case 'client_secret_basic':
      return client.ClientSecretBasic(config.client_secret)
    case 'client_secret_post':
      return client.ClientSecretPost(config.client_secret)
    case 'private_key_jwt':
      return privateKeyJwt(config.client_key as NonNullable<ProviderConfig['client_key']>)
    case 'none':
      return client.None()
  }
}

function privateKeyJwt(source: NonNullable<ProviderConfig['client_key']>): client.ClientAuth {
  const { jwk, kid } = readKey(source)
  const imported = importJWK(jwk, jwk.alg as string).then((key) =>
    client.PrivateKeyJwt(kid === undefined ? (key as CryptoKey) : { key: key as CryptoKey, kid }),
  )
  // A key that cannot be used fails each request below; without this the process would end on it.
  imported.catch(() => {})
  return async (...request) => (await imported)(...request)
}

/** Reads PEM (PKCS #8, PKCS #1, SEC 1) or JWK text, and settles the algorithm by the key when the key does not say. */
function readKey(source: { pem_or_jwk: string; key_id?: string | undefined }): {
  jwk: JWK
  kid: string | undefined
} {
  const given = parseJwk(source.pem_or_jwk)
  try {
    const key = createPrivateKey(given === undefined ? source.pem_or_jwk : { key: given, format: 'jwk' })
    const jwk = key.export({ format: 'jwk' }) as JWK
    const alg = (given?.['alg'] as string | undefined) ?? algorithmOf(jwk)
    return { jwk: { ...jwk, alg }, kid: source.key_id ?? (given?.['kid'] as string | undefined) }
  } catch {
    // What the parsers say may quote the key.
    throw new Error('the client key is neither a private key in PEM nor a private JWK that can sign')
  }
}

function parseJwk(text: string): JsonWebKey | undefined {
  try {
    return JSON.parse(text) as JsonWebKey
  } catch {
    return undefined
  }
}

function algorithmOf(jwk: JWK): string {
  if (jwk.kty === 'RSA') return 'RS256'
  const byCurve: Record<string, string> = {
    'P-256': 'ES256',
    'P-384': 'ES384',
    'P-521': 'ES512',
    Ed25519: 'Ed25519',
  }
  const algorithm = byCurve[String(jwk.crv)]
  if (algorithm === undefined) throw new Error('the client key is of a kind that cannot sign')
  return algorithm
}
