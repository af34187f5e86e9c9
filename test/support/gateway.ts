import { connect } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import type { Test } from 'tap'
import { type App, buildApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import { ruleProblems } from '../../src/core/rules.ts'
import { createLogger } from '../../src/logs/logger.ts'
import type { Metrics } from '../../src/metrics/metrics.ts'
import type { Gauge } from '../../src/overload/gauge.ts'
import { buildFleet, type TestFleet, type TestSurroundings } from './fleet.ts'
import { freePort } from './free-port.ts'
import { type Connection, pem, record } from './recorder.ts'

/** A running gateway, as tests see it. */
export type Gateway = {
  origin: string
  port: number
  admin: string
  app: App
  /** What it was started from last. */
  config: Config
  /** Every log line so far, as JSON. */
  logs: () => Record<string, unknown>[]
  /** Everything logged so far, as it was written. */
  logText: () => string
  /** Resolves when what was logged so far matches, at once if it does already. */
  logged: (pattern: Pick<RegExp, 'test'>) => Promise<void>
  /** Moves the gateway's clock ahead. */
  advance: (seconds: number) => void
  /** Opens a raw client connection, and sends the bytes. */
  client: (bytes?: string) => Connection
  /** Sends raw bytes and resolves with all that came back until the gateway closed. */
  exchange: (bytes: string) => Promise<string>
  /** Stops it and starts another one on the same port with the same configuration, or another one. */
  restart: (changes?: Partial<GatewayOptions>) => Promise<void>
  /** Its workers, where it has any. */
  fleet?: TestFleet
  /** Changes its configuration while it runs. */
  reload: (changes: Partial<GatewayOptions>) => Promise<void>
}

export type GatewayOptions = {
  /** The provider section in YAML, without braces, or a running test provider; `none` for a gateway without one. */
  provider:
    | 'none'
    | string
    | {
        issuer: string
        clientId: string
        clientSecret: string
        redirectUris: Set<string>
        postLogoutRedirectUris?: Set<string>
      }
  /** Further keys of the provider section, as YAML flow: `scopes: [openid], timeout: 1s`. */
  providerKeys?: string
  /** The upstream section `web`, or a whole YAML flow map of upstreams. */
  upstream: string
  /** YAML lines under `routes`. */
  routes: string[]
  /** YAML flow of further keys. */
  server?: string
  session?: string
  /** The forward_auth section as YAML flow, without braces. */
  forwardAuth?: string
  /** The hosts of `redirect.allowed_hosts`. */
  allowedHosts?: string[]
  /** The bearer section as YAML flow, without braces. */
  bearer?: string
  keys?: string[]
  /** Host of the public URL; the port is the real one. */
  host?: string
  level?: string
  /** What every file that the configuration names holds. */
  file?: string
  publicUrls?: (port: number) => string[]
  /** TLS is ended by the gateway itself, so that HTTP/2 is spoken too. */
  isTls?: boolean
  /** Measures how much there is to do; nothing unless given, whatever the tests around it do. */
  gauge?: Gauge
  /** Several workers serve. */
  workers?: number
  /** The audit section as YAML flow, without braces. */
  audit?: string
  /** The tracing section as YAML flow, without braces. */
  tracing?: string
  /** What counts, and is shown by the admin listener. */
  metrics?: Metrics
  /** Epoch seconds; the clock of this machine unless given. */
  clock?: () => number
}

export const testKey = 'MTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0dXY='
export const otherKey = 'dnV0c3JxcG9ubWxramloZ2ZlZGNiYTA5ODc2NTQzMjE='

const calm: Gauge = { read: () => ({ eventLoopDelay: 0, memory: 0 }), stop: () => undefined }

/** Starts a gateway on loopback from a YAML text, with a clock the test can move. */
export async function startGateway(t: Pick<Test, 'teardown'>, given: GatewayOptions): Promise<Gateway> {
  let options = given.isTls === true ? { ...given, ...withTls(given) } : given
  let offset = 0
  let lines = ''
  const listeners: (() => void)[] = []
  const port = await freePort()
  const { clock: base = () => Math.floor(Date.now() / 1000) } = given
  const clock = () => base() + offset
  const sink = {
    write: (line: string) => {
      lines += line
      for (const listener of listeners.splice(0)) listener()
    },
  }
  // Waiting is real but short: what is waited for in tests is an event, never the time itself.
  const sleep = (ms: number) => delay(Math.min(ms, 20_000), undefined, { ref: false })

  const load = (): Config => {
    const text = yamlOf(options, port)
    const readFile = (path: string) => (path === 'test.yaml' ? text : (options.file ?? text))
    return loadConfig('test.yaml', { env: {}, readFile, checkRules: ruleProblems })
  }

  const build = async (config: Config, surroundings: TestSurroundings) => {
    if (options.workers === undefined) return buildApp(config, surroundings)
    gateway.fleet = await buildFleet(t, config, options.workers, surroundings)
    return gateway.fleet.app as App
  }

  const start = async (): Promise<App> => {
    const config = load()
    gateway.config = config
    const { logger, write: writeLine } = createLogger({
      ...config.logging,
      isTerminal: false,
      destination: sink,
    })
    const app = await build(config, {
      logger,
      writeLine,
      clock,
      sleep,
      metrics: options.metrics,
      gauge: given.gauge ?? calm,
    })
    const { adminAddress } = await app.listen()
    gateway.admin = adminAddress
    let closing: Promise<void> | undefined
    // A test that stops it, to have all of the log, need not tell the teardown.
    gateway.app = { ...app, close: (patience) => (closing ??= app.close(patience)) }
    return gateway.app
  }

  const gateway: Gateway = {
    origin: publicUrl(options, port),
    port,
    admin: '',
    app: undefined as unknown as App,
    config: undefined as unknown as Config,
    logs: () =>
      lines
        .split('\n')
        .filter(Boolean)
        .map((line) => JSON.parse(line)),
    logText: () => lines,
    logged: async (pattern) => {
      while (!pattern.test(lines)) await new Promise<void>((resolve) => listeners.push(resolve))
    },
    advance: (seconds) => {
      offset += seconds
    },
    client: (bytes) => {
      const socket = connect(port, '127.0.0.1')
      const connection = record(socket)
      if (bytes !== undefined) connection.send(bytes)
      t.teardown(() => socket.destroy())
      return connection
    },
    exchange: async (bytes) => {
      const connection = gateway.client(bytes)
      await connection.closed
      return connection.bytes()
    },
    restart: async (changes = {}) => {
      await gateway.app.close()
      options = { ...options, ...changes }
      await start()
    },
    reload: async (changes) => {
      options = { ...options, ...changes }
      const config = load()
      const { commit } = await gateway.app.prepare(config)
      commit()
      gateway.config = config
    },
  }
  allowRedirects(options, port)
  await start()
  t.teardown(() => gateway.app.close())
  return gateway
}

/** A client may speak HTTP/2, too. The certificate is for localhost, whatever the public URLs are. */
function withTls({ server }: GatewayOptions): Partial<GatewayOptions> {
  const tls = 'tls: { cert_file: pair.pem, key_file: pair.pem, http2: true }'
  return { server: [server, tls].filter(Boolean).join(', '), file: pem('server') + pem('server-key') }
}

/** Tests sign in more often than anybody would, in no time at all. */
function withManyLogins(server: string): string {
  if (server.includes('limits:')) return server
  return [server, 'limits: { logins_per_minute: none }'].filter(Boolean).join(', ')
}

function yamlOf(options: GatewayOptions, port: number): string {
  const {
    provider,
    upstream,
    routes,
    server = '',
    session,
    bearer,
    providerKeys,
    keys = [testKey],
    level = 'trace',
  } = options
  const urls = options.publicUrls?.(port) ?? [publicUrl(options, port)]
  const section =
    typeof provider === 'string'
      ? provider
      : `issuer: "${provider.issuer}", client_id: ${provider.clientId}, client_secret: ${JSON.stringify(provider.clientSecret)}`
  return [
    `server: { listen: "127.0.0.1:${port}", public_url: ${JSON.stringify(urls)}${more(withManyLogins(server))} }`,
    'admin: { listen: "127.0.0.1:0" }',
    ...(provider === 'none'
      ? []
      : [
          `provider: { ${section}${more(providerKeys)} }`,
          `session: { keys: ${JSON.stringify(keys)}${more(session)} }`,
        ]),
    ...(bearer === undefined ? [] : [`bearer: { ${bearer} }`]),
    ...(options.audit === undefined ? [] : [`audit: { ${options.audit} }`]),
    ...(options.tracing === undefined ? [] : [`tracing: { ${options.tracing} }`]),
    ...(options.forwardAuth === undefined ? [] : [`forward_auth: { ${options.forwardAuth} }`]),
    ...(options.allowedHosts === undefined
      ? []
      : [`redirect: { allowed_hosts: ${JSON.stringify(options.allowedHosts)} }`]),
    `upstreams: ${upstream.startsWith('{') ? upstream : `{ web: { url: "${upstream}" } }`}`,
    'routes:',
    ...routes.map((route) => `  - { ${withUpstream(route)} }`),
    `logging: { level: ${level}, format: json }`,
  ].join('\n')
}

/** Routes are for `web` unless they name another upstream, or say that there is none by `nowhere`. */
function withUpstream(route: string): string {
  if (route.endsWith(', upstream: nowhere')) return route.replace(', upstream: nowhere', '')
  return route.includes('upstream:') ? route : `${route}, upstream: web`
}

function more(keys: string | undefined): string {
  return keys === undefined ? '' : `, ${keys}`
}

function publicUrl({ host = 'localhost', isTls = false }: GatewayOptions, port: number): string {
  return `http${isTls ? 's' : ''}://${host}:${port}`
}

function allowRedirects(options: GatewayOptions, port: number): void {
  if (typeof options.provider === 'string') return
  for (const url of options.publicUrls?.(port) ?? [publicUrl(options, port)]) {
    options.provider.redirectUris.add(`${url}/oauth2/callback`)
    options.provider.postLogoutRedirectUris?.add(`${url}/oauth2/signed_out`)
  }
}
