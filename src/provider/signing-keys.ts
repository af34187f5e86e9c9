import { createLocalJWKSet, errors, type JSONWebKeySet, type JWTVerifyGetKey, type LocalJWKSet } from 'jose'
import { PosternError } from '../core/errors.ts'

export type SigningKeys = Readonly<{
  /** Makes sure keys are at hand; rejects with POSTERN_PROVIDER_UNREACHABLE or POSTERN_PROVIDER_INVALID. */
  ready: () => Promise<void>
  find: JWTVerifyGetKey
}>

/** Keys older than this (seconds) are fetched anew before use; a key the provider withdrew lives this long at most while it is up. */
const maxAge = 300

/** An unknown key id starts a fetch at most this often (seconds), so that made-up ids cannot flood the provider. */
const coolDown = 30

/** A key set with more members than this is refused; choosing a key costs time with each. */
const maxKeys = 100

/**
 * The provider's public keys (RFC 7517), fetched once for all who wait, kept while the provider is down, and fetched anew
 * when a token names an unknown one. jose takes none but public signature keys that fit the token's algorithm.
 */
export function createSigningKeys(download: () => Promise<unknown>, clock: () => number): SigningKeys {
  let known: LocalJWKSet | undefined
  let renewAt = 0
  let searchAgainAt = 0
  let pending: Promise<LocalJWKSet> | undefined

  function load(): Promise<LocalJWKSet> {
    pending ??= download()
      .then((answer) => {
        known = readKeySet(answer)
        renewAt = clock() + maxAge
        return known
      })
      .finally(() => {
        pending = undefined
      })
    return pending
  }

  async function keys(): Promise<LocalJWKSet> {
    if (known === undefined) return load()
    if (clock() < renewAt) return known
    const old = known
    renewAt = clock() + coolDown
    return load().catch(() => old)
  }

  const find: JWTVerifyGetKey = async (header, token) => {
    const set = await keys()
    try {
      return await set(header, token)
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error
      if (pending === undefined) {
        if (clock() < searchAgainAt) throw error
        searchAgainAt = clock() + coolDown
      }
      return (await load())(header, token)
    }
  }

  return {
    ready: async () => {
      await keys()
    },
    find,
  }
}

function readKeySet(answer: unknown): LocalJWKSet {
  const set = keySetOf(answer)
  if (set.jwks().keys.length > maxKeys) {
    throw new PosternError('POSTERN_PROVIDER_INVALID', `the provider publishes more than ${maxKeys} keys`)
  }
  return set
}

/** That the keys are none is no fault of the token for which they were fetched. */
function keySetOf(answer: unknown): LocalJWKSet {
  try {
    return createLocalJWKSet(answer as JSONWebKeySet)
  } catch {
    throw new PosternError(
      'POSTERN_PROVIDER_INVALID',
      'what the provider publishes as keys is no JSON Web Key Set',
    )
  }
}
