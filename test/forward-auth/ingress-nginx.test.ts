import t from 'tap'
import { type Asker, nameOf, type Original } from './asker.ts'
import { testContract } from './contract.ts'
import { wholeAnswer } from './whole-answer.ts'

/** Headers that nginx writes anew, or takes out, whatever the client sent. */
const replaced = new Set([
  ...['host', 'connection', 'content-length', 'transfer-encoding', 'te', 'keep-alive', 'expect', 'upgrade'],
  ...['x-forwarded-proto', 'x-request-id', 'x-original-url', 'x-original-method', 'x-sent-from', 'x-real-ip'],
  ...['x-forwarded-for', 'x-auth-request-redirect'],
])

type Options = Readonly<{
  /** `auth-method`, with which it also sends X-Original-URI and X-Scheme. */
  method?: string
  /** `auth-keepalive` */
  keepsAlive?: boolean
}>

/** What the auth location of ingress-nginx sends: its own headers, then all others of the client; never a body. */
function ingressBytes(original: Original, host: string, query = '', options: Options = {}): string {
  const { method, keepsAlive = false } = options
  const passed = original.headers.filter((line) => !replaced.has(nameOf(line)))
  const lines = [
    `${method ?? 'GET'} /oauth2/auth${query} HTTP/1.1`,
    'X-Request-ID: 8d2f9f0c6a5c4f3f9a3c6a3b7d1e2f30',
    ...(method === undefined ? [] : [`X-Original-URI: ${original.target}`, 'X-Scheme: http']),
    'Host: postern.auth.svc.cluster.local',
    `X-Original-URL: http://${host}${original.target}`,
    `X-Original-Method: ${original.method}`,
    'X-Sent-From: nginx-ingress-controller',
    'X-Real-IP: 192.0.2.7',
    'X-Forwarded-For: 192.0.2.7',
    `X-Auth-Request-Redirect: ${original.target}`,
    ...(keepsAlive ? [] : ['Connection: close']),
    ...passed,
  ]
  return `${lines.join('\r\n')}\r\n\r\n`
}

const ingress: Asker = {
  preset: 'ingress-nginx',
  isRedirecting: false,
  keepsAlive: false,
  passesCookies: true,
  hasQuery: true,
  bytes: ingressBytes,
}

t.test('ingress-nginx, auth-url', (t) => testContract(t, ingress))

t.test('ingress-nginx with auth-method and auth-keepalive', (t) =>
  testContract(t, {
    ...ingress,
    keepsAlive: true,
    bytes: (original, host, query) =>
      ingressBytes(original, host, query, { method: 'POST', keepsAlive: true }),
  }),
)

t.test(
  'behind something that ends TLS the address has another scheme, and with HTTP/2 names are lower case',
  async (t) => {
    const { startSignedIn, cookieLine } = await import('../support/scene.ts')
    const scene = await startSignedIn(t, {
      routes: ['path: /**, access: authenticated'],
      server: 'trusted_proxies: [127.0.0.1]',
      forwardAuth: 'preset: ingress-nginx',
    })
    const { gateway } = scene
    const original = { method: 'GET', target: '/x', headers: [cookieLine(scene).replace('Cookie', 'cookie')] }
    const bytes = ingressBytes(original, gateway.origin.slice(7)).replace('http://', 'https://')
    t.match((await wholeAnswer(gateway, bytes))[0], '200')
    const { headers: _, ...nobodys } = original
    const page = ingressBytes({ ...nobodys, headers: ['accept: text/html'] }, gateway.origin.slice(7))
    const answer = await wholeAnswer(gateway, page.replace('http://', 'https://'))
    t.ok(
      answer.includes(
        `x-auth-request-redirect: ${gateway.origin}/oauth2/start?rd=${encodeURIComponent(`${gateway.origin}/x`)}`,
      ),
      'people come back to the public address all the same',
    )
  },
)
