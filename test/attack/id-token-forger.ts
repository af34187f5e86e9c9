import { createHash, KeyObject } from 'node:crypto'
import type { HostileProvider, IdTokenParts } from '../support/hostile-provider.ts'
import type { Base, Forgery } from './forgeries.ts'

/** The access token of every forged answer, so that its hash is known. */
const accessToken = 'the-access-token'

/** Makes the provider issue forged ID tokens from now on, and claim in its metadata that all algorithms are fine. */
export function forge(op: HostileProvider, forgery: Pick<Forgery, 'token' | 'keys'>): void {
  const algorithms = ['none', 'HS256', 'ES256', 'ES384', 'ES256K', 'RS1', 'RS256', 'EdDSA']
  Object.assign(op.deviations, {
    token: { access_token: accessToken },
    sign: (parts: IdTokenParts) => forgery.token(baseOf(op, parts)),
    ...(forgery.keys && { keys: forgery.keys(op.publicJwk) }),
    discovery: { id_token_signing_alg_values_supported: algorithms },
  })
}

function baseOf(op: HostileProvider, { header, claims }: IdTokenParts): Base {
  const digest = createHash('sha256').update(accessToken).digest()
  return {
    header,
    claims: { ...claims, at_hash: digest.subarray(0, 16).toString('base64url') },
    key: KeyObject.from(op.privateKey),
    clientSecret: op.clientSecret,
    accessToken,
  }
}
