import { createHash } from 'node:crypto'
import type { Test } from 'tap'
import {
  type HostileProvider,
  type HostileRequest,
  startHostileProvider,
} from '../support/hostile-provider.ts'
import { mark } from './marks.ts'

/** What of a token answer deviates, beside what the hostile provider does on command. */
type Answer = Exclude<Awaited<ReturnType<Planned>>, undefined>
type Planned = Extract<
  NonNullable<NonNullable<HostileProvider['deviations']['answer']>['token']>,
  (...given: never[]) => unknown
>

/** A provider whose codes, tokens, claims and error texts are all marked. */
export type MarkedProvider = HostileProvider &
  Readonly<{
    /** Answers the next token requests in place of good ones; undefined ends that. */
    answerTokens: (answer: Answer | undefined) => void
    /** Access tokens that were handed out. */
    accessTokens: string[]
    /** ID tokens that were handed out. */
    idTokens: string[]
  }>

/** Claims that are somebody's own business. */
const privateClaims = {
  email: `${mark('Mail')}@example.com`,
  preferred_username: mark('Name'),
  groups: [mark('Group')],
  phone_number: mark('Phone'),
  address: { street_address: mark('Street') },
}

/** Starts it; it accepts every refresh token. */
export async function startMarkedProvider(t: Test): Promise<MarkedProvider> {
  const op = await startHostileProvider(t)
  const { deviations } = op
  const accessTokens: string[] = []
  const idTokens: string[] = []
  let planned: Answer | undefined
  let nonce = ''

  function authorize({ parameters }: HostileRequest): Answer {
    nonce = parameters['nonce'] ?? ''
    const location = new URL(parameters['redirect_uri'] as string)
    location.search = new URLSearchParams({
      code: mark('Code', op.requests.length),
      state: parameters['state'] as string,
    }).toString()
    return { status: 302, headers: { location: location.href } }
  }

  async function idToken(accessToken: string): Promise<string> {
    const now = Math.floor(Date.now() / 1000)
    const half = createHash('sha256').update(accessToken).digest().subarray(0, 16)
    const parts = {
      header: { alg: 'ES256', kid: 'good', ...deviations.header },
      claims: {
        ...{ iss: op.issuer, sub: 'alice', aud: op.clientId, iat: now, exp: now + 300, nonce },
        ...{ at_hash: half.toString('base64url'), ...privateClaims, ...deviations.claims },
      },
    }
    return deviations.sign === undefined ? op.sign(parts) : deviations.sign(parts)
  }

  async function tokens(): Promise<Answer> {
    const accessToken = mark('Access', accessTokens.length)
    accessTokens.push(accessToken)
    const id = await idToken(accessToken)
    idTokens.push(id)
    return {
      status: 200,
      body: {
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: deviations.accessTokenTtl,
        scope: 'openid',
        refresh_token: mark('Refresh', accessTokens.length),
        id_token: id,
        ...deviations.token,
      },
    }
  }

  deviations.userinfo = { sub: 'alice', ...privateClaims, birthdate: mark('Birth') }
  deviations.discovery = { end_session_endpoint: `${op.issuer}/end` }
  deviations.answer = { authorize, token: () => planned ?? tokens() }
  return {
    ...op,
    clientSecret: mark('Secret'),
    accessTokens,
    idTokens,
    answerTokens(answer) {
      planned = answer
    },
  }
}
