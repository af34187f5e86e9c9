import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import type { Test } from 'tap'
import { withoutCookies } from '../../src/core/cookies.ts'
import type { PosternError } from '../../src/core/errors.ts'
import type { ForwardPlan } from '../../src/proxy/exchange.ts'
import { forward } from '../../src/proxy/forward.ts'
import type { ForwardFacts } from '../../src/proxy/request-headers.ts'
import { upgrade, upgradeResponse } from '../../src/proxy/upgrade.ts'
import { createUpstreams, type Upstream, type UpstreamConfig } from '../../src/proxy/upstreams.ts'
import { isWebSocket } from '../../src/proxy/web-socket.ts'
import { type Connection, record } from './recorder.ts'

/** The bare server around `forward` and `upgrade` that these tests put between a client and the recorder. */
export type Gate = {
  port: number
  upstream: Upstream
  failures: PosternError[]
  cuts: PosternError[]
  /** Resolves when as many failures and cuts as that have been told. */
  told: (count: number) => Promise<void>
  /** Opens a client connection, and sends the bytes. */
  client: (bytes?: string) => Connection
  /** Sends one request and resolves with all that came back when the connection closed. */
  exchange: (bytes: string) => Promise<string>
}

export const plainFacts: ForwardFacts = {
  host: 'app.example.com',
  scheme: 'https',
  clientAddress: '192.0.2.7',
  forwardedHost: 'app.example.com',
  passAuthorization: false,
  identity: [],
  ownsCookie: (name) => name === 'postern',
  withoutOwnCookies: (header) => withoutCookies(header, (name) => name === 'postern'),
  stripped: new Set(),
}

export function upstreamConfig(origin: string, more: Partial<UpstreamConfig> = {}): UpstreamConfig {
  return {
    url: { origin, base_path: '' },
    token: 'access',
    host: 'keep',
    case_sensitive: false,
    tls: {},
    timeouts: { connect: 5_000, headers: 5_000, body: 5_000 },
    identity_headers: {},
    ...more,
  }
}

type Plan = Partial<Omit<ForwardPlan, 'facts'>> & { facts?: Partial<ForwardFacts> }

/** Starts a gate in front of one upstream; `plan` overrides the plain plan, for every request. */
export async function startGate(
  t: Test,
  config: UpstreamConfig,
  plan: Plan | ((req: IncomingMessage) => Plan) = {},
  listen: { path?: string } = {},
): Promise<Gate> {
  const upstreams = createUpstreams({ web: config })
  const upstream = upstreams.get('web')
  const failures: PosternError[] = []
  const cuts: PosternError[] = []
  const waiting: (() => void)[] = []
  const tell = (list: PosternError[], error: PosternError): void => {
    list.push(error)
    for (const wake of waiting.splice(0)) wake()
  }
  const planFor = (req: IncomingMessage, res: ServerResponse): ForwardPlan => {
    const { facts, ...more } = typeof plan === 'function' ? plan(req) : plan
    const [path, query] = (req.url as string).split('?')
    return {
      upstream,
      path: path as string,
      query: query === undefined ? '' : `?${query}`,
      setCookies: () => [],
      isProtected: false,
      onFailure: (error) => {
        tell(failures, error)
        res.writeHead(error.status, { 'Content-Length': error.code.length }).end(error.code)
      },
      onCut: (error) => tell(cuts, error),
      ...more,
      facts: { ...plainFacts, ...facts },
    }
  }
  const server: Server = createServer((req, res) => forward(req, res, planFor(req, res)))
  server.on('checkContinue', (req: IncomingMessage, res: ServerResponse) =>
    forward(req, res, { ...planFor(req, res), expectsContinue: true }),
  )
  server.on('upgrade', (req: IncomingMessage, socket: Socket, head: Buffer) => {
    const res = upgradeResponse(req, socket)
    if (isWebSocket(req)) upgrade(req, res, head, planFor(req, res))
    else forward(req, res, planFor(req, res))
  })
  await new Promise<void>((resolve) =>
    listen.path === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(listen.path, resolve),
  )
  const address = server.address() as AddressInfo | string
  const clients: Socket[] = []
  const client = (bytes = ''): Connection => {
    const socket = typeof address === 'string' ? connect(address) : connect(address.port, '127.0.0.1')
    clients.push(socket)
    const connection = record(socket)
    if (bytes !== '') connection.send(bytes)
    return connection
  }
  t.teardown(async () => {
    for (const socket of clients) socket.destroy()
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
    await upstreams.close()
  })
  return {
    port: typeof address === 'string' ? 0 : address.port,
    upstream,
    failures,
    cuts,
    told: async (count) => {
      while (failures.length + cuts.length < count)
        await new Promise<void>((resolve) => waiting.push(resolve))
    },
    client,
    exchange: async (bytes) => {
      const connection = client(bytes)
      await connection.closed
      return connection.bytes()
    },
  }
}
