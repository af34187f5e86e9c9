import type { Test } from 'tap'
import { answerOf, type CheckAnswer } from '../support/check.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../support/gateway.ts'
import { cookieLine, requestBytes, type Scene, startSignedIn } from '../support/scene.ts'

/** What a proxy of each preset tells; traefik and caddy tell it as haproxy does. */
export type Preset = 'nginx' | 'ingress-nginx' | 'haproxy' | 'envoy'

export const presets: readonly Preset[] = ['nginx', 'ingress-nginx', 'haproxy', 'envoy']

/** A request that is asked about. */
export type Asked = Readonly<{ target: string; method?: string; host?: string; proto?: string }>

/** One check: its request line, and the headers by which the proxy tells about the request. */
export type Told = Readonly<{ line: string; headers: readonly string[] }>

/** Gateways that are asked, one for each preset, and those who sign in there. */
export type Place = Readonly<{
  scene: Scene
  gateways: Readonly<Record<Preset, Gateway>>
  /** The Cookie header line of alice, who has no scope admin. */
  cookie: string
  /** Starts another gateway for the same people. */
  another: (t: Test, changes: Partial<GatewayOptions>) => Promise<Gateway>
}>

const routes = [
  'path: /**, access: authenticated',
  'path: /public/**, access: public',
  'path: /optional/**, access: optional',
  'path: /admin/**, scopes: [admin]',
  'path: /api/**, scopes: [api.read]',
  'path: /orders/**, methods: [GET], access: public',
  'path: /orders/**, methods: [POST], scopes: [admin]',
  'path: /**, host: open.example.com, access: public',
]

/** Everything the attacks go against. */
export async function startPlace(t: Test): Promise<Place> {
  const common = { routes, server: 'trusted_proxies: [127.0.0.1]' }
  const scene = await startSignedIn(t, { ...common, forwardAuth: 'preset: haproxy' })
  const { provider, upstream } = scene
  const another = (t: Test, changes: Partial<GatewayOptions>) =>
    startGateway(t, { ...common, provider, upstream: upstream.origin, ...changes })
  const [nginx, ingress, envoy] = await Promise.all([
    another(t, { forwardAuth: 'preset: nginx' }),
    another(t, { forwardAuth: 'preset: ingress-nginx' }),
    another(t, { forwardAuth: 'preset: envoy' }),
  ])
  const gateways = { nginx, 'ingress-nginx': ingress, haproxy: scene.gateway, envoy }
  return { scene, gateways, cookie: cookieLine(scene), another }
}

/** The host that a gateway is there for. */
export function hostOf({ origin }: Gateway): string {
  return origin.slice('http://'.length)
}

/** What a proxy sends to ask about a request. */
export function told(preset: Preset, gateway: Gateway, asked: Asked): Told {
  const { target, method = 'GET', host = hostOf(gateway), proto = 'http' } = asked
  const forwarded = [
    `X-Forwarded-Host: ${host}`,
    `X-Forwarded-Proto: ${proto}`,
    `X-Forwarded-Method: ${method}`,
    `X-Forwarded-Uri: ${target}`,
  ]
  switch (preset) {
    case 'nginx':
      return { line: 'GET /oauth2/auth', headers: [`Host: ${host}`, ...forwarded] }
    case 'haproxy':
      return { line: 'GET /oauth2/auth', headers: ['Host: auth.internal:4180', ...forwarded] }
    case 'ingress-nginx': {
      const url = `X-Original-URL: ${proto}://${host}${target}`
      return {
        line: 'GET /oauth2/auth',
        headers: ['Host: auth.internal:4180', url, `X-Original-Method: ${method}`],
      }
    }
    case 'envoy':
      return {
        line: `${method} /oauth2/auth${target}`,
        headers: [`host: ${host}`, 'content-length: 0', `x-forwarded-proto: ${proto}`],
      }
  }
}

/** Sends a check as bytes. */
export async function send(
  gateway: Gateway,
  { line, headers }: Told,
  more: readonly string[] = [],
): Promise<CheckAnswer> {
  return answerOf(await gateway.exchange(requestBytes(gateway, line, [...headers, ...more])))
}

/** Asks about one request at the gateway of a preset; `more` is what the client sent beside it. */
export async function ask(
  { gateways }: Place,
  preset: Preset,
  asked: Asked,
  more: readonly string[] = [],
): Promise<CheckAnswer> {
  return send(gateways[preset], told(preset, gateways[preset], asked), more)
}

/** What only an allowed check may carry. */
const carriesIdentity = /^(?:authorization|x-auth-request-(?!redirect$).*)$/

/** Fails unless an answer is a whole denial: a status that no proxy takes for a yes, and nothing of anybody. */
export function expectDenied(
  t: Test,
  { status, headers }: CheckAnswer,
  name: string,
  statuses: readonly number[] = [400, 401, 403],
): void {
  t.ok(statuses.includes(status), `${name}: ${status}`)
  t.strictSame(
    Object.keys(headers).filter((header) => carriesIdentity.test(header)),
    [],
    `${name}: nobody is named`,
  )
}
