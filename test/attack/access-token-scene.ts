import { KeyObject } from 'node:crypto'
import type { Test } from 'tap'
import { type Gateway, type GatewayOptions, startGateway } from '../support/gateway.ts'
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts'
import { type Recorder, startRecorder } from '../support/recorder.ts'
import { ask, valuesOf } from '../support/scene.ts'
import { strangersIn, watchContacts } from './contacts.ts'
import type { Base } from './forgeries.ts'

/** A gateway for API clients, a recording upstream, and the server with the keys of the issuer. */
export type TokenScene = Readonly<{
  op: HostileProvider
  gateway: Gateway
  upstream: Recorder
  /** What a good access token is made of. */
  base: Base
  expectNoStrangers: (t: Test) => void
}>

/** What came back. */
export type TokenAnswer = Readonly<{ status: number; challenge: string; body: string }>

export const audience = 'https://api.example.com'

type Options = Partial<Omit<GatewayOptions, 'provider' | 'upstream' | 'bearer'>> &
  Readonly<{
    algorithms?: readonly string[]
    prepare?: (op: HostileProvider) => void
    /** Further keys of the bearer section, as YAML flow. */
    bearerKeys?: string
  }>

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'

/** Starts everything; the keys are where the configuration says, nothing is discovered. */
export async function startTokenScene(t: Test, options: Options = {}): Promise<TokenScene> {
  const { algorithms = ['ES256', 'RS256'], prepare, bearerKeys = 'timeout: 5s', ...rest } = options
  const contacts = watchContacts(t)
  const op = await startHostileProvider(t)
  prepare?.(op)
  const upstream = await startRecorder(ok)
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    routes: [
      'path: /**, access: authenticated',
      'path: /admin/**, scopes: [admin]',
      `path: /a/**, access: authenticated, audience: ["${audience}"]`,
    ],
    ...rest,
    provider: 'none',
    upstream: upstream.origin,
    bearer: `issuers: [{ issuer: "${op.issuer}", audience: ["${audience}", "${audience}/b"], jwks_uri: "${op.issuer}/jwks", algorithms: [${algorithms}] }], clock_tolerance: 60s, ${bearerKeys}`,
  })
  return {
    op,
    gateway,
    upstream,
    base: baseOf(op),
    expectNoStrangers: (t) =>
      t.strictSame(strangersIn(contacts, [op.issuer, gateway.origin, upstream.origin]), [], 'no other host'),
  }
}

function baseOf(op: HostileProvider): Base {
  const now = Math.floor(Date.now() / 1000)
  return {
    header: { alg: 'ES256', kid: 'good', typ: 'at+jwt' },
    claims: {
      iss: op.issuer,
      aud: audience,
      sub: 'alice',
      client_id: 'app',
      scope: 'read',
      iat: now,
      exp: now + 300,
      jti: 'one',
    },
    key: KeyObject.from(op.privateKey),
    clientSecret: op.clientSecret,
    accessToken: '',
  }
}

/** Asks for something with a token. */
export async function present({ gateway }: TokenScene, token: string, path = '/x'): Promise<TokenAnswer> {
  const answer = await ask(gateway, `GET ${path}`, [`Authorization: Bearer ${token}`])
  const [head = '', body = ''] = answer.split('\r\n\r\n')
  const lines = head.split('\r\n')
  const [challenge = ''] = valuesOf(lines, 'www-authenticate')
  return { status: Number(lines[0]?.split(' ')[1]), challenge, body }
}

/** The token was refused as one that does not count, and nothing happened behind the gateway. */
export function expectRefused(t: Test, scene: TokenScene, answer: TokenAnswer, status = 401): void {
  t.equal(answer.status, status)
  if (status === 401) t.match(answer.challenge, 'error="invalid_token"')
  t.notMatch(answer.body, /eyJ/)
  t.equal(scene.upstream.bytes(), '', 'the upstream saw nothing')
  t.ok(scene.op.count('jwks') <= 2, 'few requests for keys')
  t.strictSame(
    scene.op.requests.filter(({ endpoint }) => endpoint !== 'jwks'),
    [],
    'nothing but keys was asked for',
  )
  scene.expectNoStrangers(t)
}
