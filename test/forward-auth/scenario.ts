import { connect } from 'node:net'
import type { Test } from 'tap'
import type { Browser } from '../support/browser.ts'
import { freePort } from '../support/free-port.ts'
import type { FrontFiles, FrontName } from '../support/front.ts'
import { type Connection, record } from '../support/recorder.ts'
import { headsAt, type Scene, type SceneOptions, startScene } from '../support/scene.ts'
import { startPrinted } from './fronts.ts'

/** A scene in which another proxy stands before the service, and asks the gateway. */
export type Fronted = Scene &
  Readonly<{
    /** What browsers see. */
    origin: string
    /** Opens a raw connection to the proxy, and sends the bytes. */
    client: (bytes: string) => Connection
    /** The heads of all requests that the service got, each as its lines. */
    heads: () => string[][]
    /** How often the session was refreshed. */
    refreshes: () => number
  }>

const plain = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'
const switching =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n\x81\x05hello'

/** Agrees to every WebSocket, and answers all else. */
function agree(connection: Connection): void {
  let seen = 0
  connection.socket.on('data', () => {
    const heads = connection.bytes().split('\r\n\r\n').slice(0, -1)
    for (const head of heads.slice(seen)) {
      connection.send(/\r\nupgrade: websocket/i.test(head) ? switching : plain)
    }
    seen = heads.length
  })
}

const routes = [
  'path: /**, access: authenticated',
  'path: /public/**, access: public',
  'path: /admin/**, scopes: [admin]',
  'path: /reports/**, methods: [GET], access: authenticated',
  'path: /reports/**, methods: [POST], scopes: [admin]',
]

type Options = SceneOptions &
  Readonly<{
    /** Makes something else of the configuration of the proxy. */
    change?: (files: FrontFiles) => FrontFiles
    /** Whom the proxy takes for the gateway, if not the gateway. */
    start?: (t: Test, scene: Scene, port: number) => Promise<void>
  }>

/** Starts everything, the proxy with what `postern print` prints for it. Only through the proxy is there a way to the service. */
export async function startFronted(t: Test, name: FrontName, options: Options = {}): Promise<Fronted> {
  const { change, start, ...more } = options
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const scene = await startScene(t, {
    routes,
    server: 'trusted_proxies: [127.0.0.1]',
    forwardAuth: `preset: ${name}`,
    publicUrls: () => [origin],
    upstreams: () => 'http://127.0.0.1:1',
    answer: agree,
    provider: { accessTokenTtl: 300 },
    ...more,
  })
  const service = scene.upstream.origin
  if (start === undefined) await startPrinted(t, name, { ...scene, service, port, ...(change && { change }) })
  else await start(t, scene, port)
  const { upstream, provider } = scene
  return {
    ...scene,
    origin,
    client: (bytes) => {
      const socket = connect(port, '127.0.0.1')
      t.teardown(() => socket.destroy())
      const connection = record(socket)
      connection.send(bytes)
      return connection
    },
    heads: () => headsAt(upstream),
    refreshes: () =>
      provider.tokenRequests.filter(({ parameters }) => parameters['grant_type'] === 'refresh_token').length,
  }
}

/** The same with alice signed in. */
export async function startSignedIn(t: Test, name: FrontName, options: Options = {}): Promise<Fronted> {
  const fronted = await startFronted(t, name, options)
  t.equal((await fronted.browser.navigate(`${fronted.origin}/start`)).status, 200, 'signed in')
  return fronted
}

/** One request as bytes, to the host of the proxy unless the headers say otherwise. */
export function bytesFor({ origin }: Fronted, line: string, headers: readonly string[] = []): string {
  const has = (name: RegExp) => headers.some((header) => name.test(header))
  return [
    `${line} HTTP/1.1`,
    ...(has(/^host:/i) ? [] : [`Host: ${new URL(origin).host}`]),
    ...(has(/^connection:/i) ? [] : ['Connection: close']),
    ...headers,
    '\r\n',
  ].join('\r\n')
}

/** Sends one request as bytes and gives the status and all that came back. */
export async function ask(
  fronted: Fronted,
  line: string,
  headers: readonly string[] = [],
): Promise<Readonly<{ status: number; text: string }>> {
  const connection = fronted.client(bytesFor(fronted, line, headers))
  await Promise.race([connection.closed, connection.sees(/^HTTP\/1\.1 \d+ [\s\S]*\r\n\r\n/)])
  const text = connection.bytes()
  connection.socket.destroy()
  return { status: Number(text.split(' ')[1]), text }
}

/** The session cookie as a Cookie header line. */
export function cookieOf({ browser, origin }: Readonly<{ browser: Browser; origin: string }>): string {
  return `Cookie: ${browser.cookiesFor(origin)}`
}
