import { PosternError } from '../core/errors.ts'
import type { Provider } from './provider.ts'

/** Stands where nobody signs in: a gateway for bearer tokens only. It is always ready, and knows nobody. */
export function createNoProvider(): Provider {
  const refuse = async () => {
    throw new PosternError('POSTERN_INTERNAL', 'there is no provider to sign in at')
  }
  return {
    start: () => {},
    close: async () => {},
    readiness: () => ({ ready: true }),
    ready: async () => {},
    newLogin: () => ({ state: '', nonce: '', codeVerifier: '' }),
    authorizationUrl: refuse,
    exchange: refuse,
    refresh: refuse,
    revoke: async () => {},
    endSessionUrl: () => undefined,
  }
}
