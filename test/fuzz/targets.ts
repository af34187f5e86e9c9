import type { FuzzTarget } from './target.ts'
import { challenge, hostHeader, returnTargetOf } from './targets/addresses.ts'
import { authorizationHeader, bearerTokens } from './targets/bearer.ts'
import { callback } from './targets/callback.ts'
import { configuration } from './targets/configuration.ts'
import { loginCookies, sessionCookies, strippedCookies } from './targets/cookies.ts'
import { http2Frames } from './targets/http2.ts'
import { requestTarget } from './targets/request-target.ts'

/** Everything that is fuzzed. */
export const targets: readonly FuzzTarget[] = [
  requestTarget,
  sessionCookies,
  loginCookies,
  strippedCookies,
  configuration,
  callback,
  authorizationHeader,
  bearerTokens,
  hostHeader,
  returnTargetOf,
  challenge,
  http2Frames,
]
