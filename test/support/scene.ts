import type { Test } from 'tap'
import { type Browser, createBrowser } from './browser.ts'
import { type Gateway, type GatewayOptions, startGateway } from './gateway.ts'
import { type ProviderOptions, startProvider, type TestProvider } from './provider.ts'
import { type Connection, pem, type Recorder, startRecorder } from './recorder.ts'

/** A real provider, a recording upstream, a gateway between them, and a browser. */
export type Scene = Readonly<{
  provider: TestProvider
  upstream: Recorder
  gateway: Gateway
  browser: Browser
}>

export type SceneOptions = Readonly<
  Partial<Omit<GatewayOptions, 'provider' | 'upstream'>> & {
    provider?: ProviderOptions
    /** The upstreams of the configuration, once the origin of the recorder is known; `web` unless given. */
    upstreams?: (origin: string) => string
    /** What the recorder does; a short 200 unless given. */
    answer?: string | ((connection: Connection, n: number) => void)
    /** Who signs in without being asked; nobody: the provider shows its page. */
    hint?: string | undefined
  }
>

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'

/** All scopes that the test provider knows, as a YAML flow. */
const everyScope =
  'scopes: [openid, profile, email, offline_access, api.read, api.write, "orders:read", "orders:write", admin]'

const headsOf = new WeakMap<Recorder, string[][]>()

/** Calls back with the lines of each request head on a connection; bodies are passed over. */
function onEachHead(connection: Connection, tell: (head: string[]) => void): void {
  let seen = 0
  connection.socket.on('data', () => {
    const found = [...connection.bytes().matchAll(/[A-Z]+ \S+ HTTP\/1\.[01]\r\n[\s\S]*?\r\n\r\n/g)]
    for (const [head] of found.slice(seen)) tell(head.trimEnd().split('\r\n'))
    seen = found.length
  })
}

/** Starts everything; by default one rule protects all paths, and alice is signed in at the provider without being asked. */
export async function startScene(t: Test, options: SceneOptions = {}): Promise<Scene> {
  const { provider: providerOptions, upstreams, answer = ok, providerKeys, hint = 'alice', ...rest } = options
  const provider = await startProvider(t, providerOptions)
  const heads: string[][] = []
  const upstream = await startRecorder((connection, n) => {
    onEachHead(connection, (head) => {
      heads.push(head)
      if (typeof answer === 'string') connection.send(answer)
    })
    if (typeof answer === 'function') answer(connection, n)
  })
  headsOf.set(upstream, heads)
  t.teardown(upstream.close)
  const hinted = hint === '' ? [] : [`authorization_params: { login_hint: ${hint} }`]
  const gateway = await startGateway(t, {
    routes: ['path: /**, access: authenticated'],
    ...rest,
    provider,
    upstream: upstreams?.(upstream.origin) ?? upstream.origin,
    providerKeys: [
      ...(providerKeys?.includes('scopes:') ? [] : [everyScope]),
      ...hinted,
      ...(providerKeys ? [providerKeys] : []),
    ].join(', '),
  })
  return { provider, upstream, gateway, browser: createBrowser({ ca: pem('ca') }) }
}

/** The same with alice signed in; what the upstream got meanwhile stays recorded. */
export async function startSignedIn(t: Test, options: SceneOptions = {}): Promise<Scene> {
  const scene = await startScene(t, options)
  const { status } = await scene.browser.navigate(`${scene.gateway.origin}/oauth2/start?rd=/oauth2x`)
  t.equal(status < 500, true, 'signed in')
  return scene
}

/** One request as bytes, on a connection of its own unless the headers say otherwise. */
export function requestBytes(
  gateway: Gateway,
  line: string,
  headers: readonly string[] = [],
  body = '',
): string {
  const host = headers.some((header) => /^host:/i.test(header))
    ? []
    : [`Host: ${gateway.origin.replace(/^https?:\/\//, '')}`]
  const close = headers.some((header) => /^connection:/i.test(header)) ? [] : ['Connection: close']
  return [`${line} HTTP/1.1`, ...host, ...close, ...headers, '', body].join('\r\n')
}

/** Sends one request as bytes and gives all that came back. */
export async function ask(
  gateway: Gateway,
  line: string,
  headers: readonly string[] = [],
  body = '',
): Promise<string> {
  return gateway.exchange(requestBytes(gateway, line, headers, body))
}

/** The heads of the requests that the upstream of a scene got, in the order they came, each as its lines. */
export function headsAt(upstream: Recorder): string[][] {
  return headsOf.get(upstream) as string[][]
}

/** The values of a header in the lines of a head. */
export function valuesOf(head: readonly string[] = [], name: string): string[] {
  const start = `${name.toLowerCase()}: `
  return head.filter((line) => line.toLowerCase().startsWith(start)).map((line) => line.slice(start.length))
}

/** The session cookie as a Cookie header line. */
export function cookieLine({ browser, gateway }: Pick<Scene, 'browser' | 'gateway'>): string {
  return `Cookie: ${browser.cookiesFor(gateway.origin)}`
}
