import type { Test } from 'tap'
import { type Browser, type BrowserResponse, createBrowser } from '../support/browser.ts'
import { type Gateway, type GatewayOptions, startGateway } from '../support/gateway.ts'
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts'
import { type Recorder, startRecorder } from '../support/recorder.ts'
import { type Contacts, strangersIn, watchContacts } from './contacts.ts'

/** A gateway between a browser and a recording upstream, its provider a hostile one, and who was contacted meanwhile. */
export type HostileScene = Readonly<{
  op: HostileProvider
  gateway: Gateway
  upstream: Recorder
  browser: Browser
  contacts: Contacts
}>

type Options = Partial<Omit<GatewayOptions, 'upstream' | 'provider'>> &
  Readonly<{
    /** Done to the provider before the gateway starts. */
    prepare?: (op: HostileProvider) => void | Promise<void>
    /** The client section, unless it is the usual one with a secret. */
    client?: (op: HostileProvider) => string
  }>

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'

/** The providers of all scenes: undici may be about to connect for a request that was broken off when the scene before ended. */
const issuers: string[] = []

/** Starts everything; one rule protects all paths. */
export async function startHostileScene(t: Test, options: Options = {}): Promise<HostileScene> {
  const { prepare, client = usualClient, ...rest } = options
  const contacts = watchContacts(t)
  const op = await startHostileProvider(t)
  await prepare?.(op)
  const upstream = await startRecorder(ok)
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    routes: ['path: /**, access: authenticated'],
    ...rest,
    provider: `issuer: "${op.issuer}", ${client(op)}`,
    upstream: upstream.origin,
  })
  issuers.push(op.issuer)
  return { op, gateway, upstream, browser: createBrowser(), contacts }
}

/** A confidential client with a secret. */
function usualClient({ clientId, clientSecret }: HostileProvider): string {
  return `client_id: ${clientId}, client_secret: ${JSON.stringify(clientSecret)}`
}

/** Asks for a protected page as a person would, up to the page this ends on. */
export function signIn(scene: HostileScene, path = '/deep'): Promise<BrowserResponse> {
  return scene.browser.navigate(scene.gateway.origin + path)
}

/** Tells whether the browser has a session cookie. */
export function hasSession({ browser, gateway }: HostileScene): boolean {
  return /(?:^|; )postern(?:\.\d+)?=./.test(browser.cookiesFor(gateway.origin))
}

/** Nobody was asked but who is part of the scene, or the provider of one before. */
export function expectNoStrangers(t: Test, { contacts, gateway, upstream }: HostileScene): void {
  t.strictSame(strangersIn(contacts, [...issuers, gateway.origin, upstream.origin]), [], 'no other host')
}

/** The login ended on an error page without a session, and nothing happened behind the gateway. */
export async function expectNobody(t: Test, scene: HostileScene, page: BrowserResponse): Promise<void> {
  const { gateway, browser, upstream } = scene
  t.ok([400, 403, 502, 503, 504].includes(page.status), `an error page: ${page.status}`)
  t.match(page.headers['content-type'], 'text/html')
  t.equal(page.headers['cache-control'], 'no-store')
  t.notMatch(page.body, /eyJ|<script/, 'no token on the page')
  t.notOk(hasSession(scene), 'no session cookie')
  t.equal((await browser.fetch(`${gateway.origin}/deep`)).status, 401, 'still anonymous')
  t.equal(upstream.bytes(), '', 'the upstream saw nothing')
  expectNoStrangers(t, scene)
}

/** The login succeeded as this subject. */
export function expectSignedIn(t: Test, scene: HostileScene, page: BrowserResponse, sub = 'alice'): void {
  t.equal(page.status, 200, `signed in: ${page.body.slice(0, 300)}`)
  t.match(scene.upstream.bytes(), `\r\nX-Forwarded-User: ${sub}\r\n`)
  expectNoStrangers(t, scene)
}
