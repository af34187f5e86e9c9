import type { Socket } from 'node:net'
import { isDeepStrictEqual } from 'node:util'
import { buildConnector, type Dispatcher, Pool } from 'undici'
import { type Held, held } from '../core/held.ts'
import { releaseParserAtEnd } from './paused-parser.ts'
import { type UpstreamRoute, type UpstreamRouteConfig, upstreamRoute } from './upstream-route.ts'

/** One entry of `upstreams` in the configuration; durations are milliseconds, certificates PEM. */
export type UpstreamConfig = UpstreamRouteConfig &
  Readonly<{
    tls: Readonly<{
      ca?: string | undefined
      cert?: string | undefined
      key?: string | undefined
      server_name?: string | undefined
    }>
    timeouts: Readonly<{ connect: number; headers: number; body: number }>
  }>

/** A service behind the gateway: how to reach it, and what it is to be told. */
export type Upstream = UpstreamRoute &
  Readonly<{
    /** Connections that are kept and used again. */
    pool: Dispatcher
    /** Connections that are opened for one request and closed after it: for retries and upgrades. */
    fresh: Dispatcher
    bodyTimeoutMs: number
    /** Where it listens. */
    url: UpstreamConfig['url']
    /** Tells whether an error ended a connection that had served a response before (so it was a kept one). */
    hadServed: (error: Error) => boolean
  }>

export type Upstreams = Readonly<{
  /** The upstream of that name; the configuration guarantees that there is one. */
  get: (name: string) => Upstream
  /** The upstream of that name for one more user, if it is configured just so; its connections are then kept. */
  take: (name: string, config: UpstreamConfig) => Held<Upstream> | undefined
  /** Closes idle connections, and the others as their requests end, unless others use them too. */
  close: () => Promise<void>
}>

const keepAlive = { keepAliveTimeout: 4_000, keepAliveMaxTimeout: 60_000 }
const maxResponseHeaderBytes = 64 * 1024

/**
 * Opens one pool of connections per upstream; nothing is dialled before the first request. Those that `previous` has already,
 * configured just so, are shared with it.
 */
export function createUpstreams(
  config: Readonly<Record<string, UpstreamConfig>>,
  previous?: Upstreams,
): Upstreams {
  const upstreams = openAll(config, previous)
  return {
    get: (name) => (upstreams.get(name) as Held<Upstream>).part,
    take: (name, wanted) =>
      isDeepStrictEqual(config[name], wanted) ? upstreams.get(name)?.hold() : undefined,
    close: async () => {
      await Promise.all([...upstreams.values()].map((upstream) => upstream.release()))
    },
  }
}

/** On its own: what is returned above would keep `previous` alive, and that the one before it, and so on. */
function openAll(
  config: Readonly<Record<string, UpstreamConfig>>,
  previous: Upstreams | undefined,
): ReadonlyMap<string, Held<Upstream>> {
  return new Map(
    Object.entries(config).map(([name, entry]) => [
      name,
      previous?.take(name, entry) ?? held(createUpstream(name, entry), closeUpstream),
    ]),
  )
}

async function closeUpstream({ pool, fresh }: Upstream): Promise<void> {
  await Promise.all([pool.close(), fresh.close()])
}

function createUpstream(name: string, config: UpstreamConfig): Upstream {
  const served = new WeakSet<Error>()
  const options = {
    ...keepAlive,
    connect: verifiedConnector(config, served),
    headersTimeout: config.timeouts.headers,
    bodyTimeout: config.timeouts.body,
    maxHeaderSize: maxResponseHeaderBytes,
  }
  return Object.freeze({
    ...upstreamRoute(name, config),
    pool: new Pool(config.url.origin, { ...options, pipelining: 1 }),
    fresh: new Pool(config.url.origin, { ...options, pipelining: 0 }),
    bodyTimeoutMs: config.timeouts.body,
    url: config.url,
    hadServed: (error) => served.has(error),
  })
}

/**
 * The name every dispatch passes as `servername`. undici derives one from the Host header else, which is the client's,
 * would verify the certificate against it, and reconnect whenever it changes. The connector below ignores this value.
 */
export const fixedServerName = 'upstream'

/** Dials with certificates always verified, against the configured server name or the host of the upstream's URL. */
function verifiedConnector(config: UpstreamConfig, served: WeakSet<Error>): buildConnector.connector {
  const { ca, cert, key, server_name } = config.tls
  const connect = buildConnector({
    ...(config.url.socket_path !== undefined && { socketPath: config.url.socket_path }),
    ...(ca !== undefined && { ca }),
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(server_name !== undefined && { servername: server_name }),
    timeout: config.timeouts.connect,
    rejectUnauthorized: true,
  })
  return ({ servername: _ignored, ...options }, callback) =>
    connect(options, (...[error, socket]: Parameters<buildConnector.Callback>) => {
      if (error !== null) return callback(error, null)
      noteServed(socket, served)
      releaseParserAtEnd(socket)
      callback(null, socket)
    })
}

function noteServed(socket: Socket, served: WeakSet<Error>): void {
  socket.on('error', (error) => {
    if (socket.bytesRead > 0) served.add(error)
  })
}
