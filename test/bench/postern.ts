import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Bench } from './bench.ts'
import { benchClient } from './bench-client.ts'
import { login } from './login.ts'
import { processTree } from './measure.ts'
import { freePort, serveProgram } from './processes.ts'
import { guardedPath, type Running } from './subject.ts'
import { benchAudience, type TokenIssuer } from './token-issuer.ts'

/** How one Postern differs from another in this bench. */
export type PosternOptions = Readonly<{
  /** The path to ask for. */
  path?: string
  isSignedIn?: boolean
  /** `warn` (the default here, as the others write no access log either) or `info`: one line a request, to /dev/null. */
  logLevel?: 'warn' | 'info'
  /** How many rules the configuration has, 10 unless told. */
  rules?: number
  /** Whose access tokens are accepted beside sessions; nobody's unless told. */
  tokens?: TokenIssuer
  /** The proxy that asks the auth endpoint, if one does. */
  preset?: 'nginx' | 'caddy' | 'envoy'
  /** The first key of the ring, base64. */
  key?: string
  /** How many processes serve, one unless told. */
  workers?: number
  /** Where it runs, instead of on the core of subjects. */
  cores?: readonly number[]
  /** Rules before all others. */
  moreRules?: readonly object[]
  /** Whether it prints its garbage collections; they are not known otherwise. */
  tracesCollections?: boolean
}>

/** A Postern that can be told to do more than to serve. */
export type RunningPostern = Running &
  Readonly<{
    /** Its first process, which takes signals. */
    pid: number
    /** How that ended, if it did: an exit code or a signal. */
    ended(): number | string | undefined
    /** Where the metrics are. */
    admin: string
    /** Writes the configuration anew with these options beside the first ones. */
    reconfigure(options: PosternOptions): void
    /** Writes a configuration that cannot be used. */
    breakConfiguration(): void
    /** What it wrote to standard error. */
    complaints(): string
    /** What it wrote to standard output. */
    printed(): string
  }>

/** The bundle: as people start it. */
const main = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))

/** Starts Postern with a configuration of its own and signs in. */
export async function postern(bench: Bench, options: PosternOptions): Promise<RunningPostern> {
  const port = await freePort()
  const adminPort = await freePort()
  const config = bench.file(`postern-${port}.yaml`)
  const log = bench.file(`postern-${port}.log`)
  const fixed = { key: randomBytes(32).toString('base64'), ...options }
  const reconfigure = (others: PosternOptions) =>
    writeFileSync(config, JSON.stringify(configuration(bench, { ...fixed, ...others }, port, adminPort)))
  reconfigure({})
  const printed = bench.file(`postern-${port}.out`)
  const flags = options.tracesCollections ? ['--trace-gc'] : []
  const command = [process.execPath, ...flags, main, 'serve', '--config', config]
  const server = await serveProgram(command, port, options.cores ?? bench.cores.subject, log, printed)
  const url = server.url + (options.path ?? guardedPath)
  const cookies = options.isSignedIn === false ? [] : [await login(url)]
  return {
    url,
    pids: processTree(server.pid),
    cookies,
    close: server.close,
    pid: server.pid,
    ended: server.ended,
    admin: `http://127.0.0.1:${adminPort}`,
    reconfigure,
    breakConfiguration: () => writeFileSync(config, '{ "routes": "none" }'),
    complaints: () => readFileSync(log, 'utf8'),
    printed: () => readFileSync(printed, 'utf8'),
  }
}

/** The configuration as data: JSON is YAML, and without spaces 10,000 rules stay below the 1 MiB a file may have. */
function configuration(bench: Bench, options: PosternOptions, port: number, adminPort: number): object {
  return {
    server: {
      listen: `127.0.0.1:${port}`,
      public_url: `http://127.0.0.1:${port}`,
      workers: options.workers ?? 1,
      ...(options.preset && { trusted_proxies: ['127.0.0.1'] }),
    },
    ...(options.preset && { forward_auth: { preset: options.preset } }),
    admin: { listen: `127.0.0.1:${adminPort}` },
    provider: {
      issuer: bench.issuer,
      client_id: benchClient.id,
      client_secret: benchClient.secret,
      scopes: benchClient.scopes,
    },
    session: { keys: [options.key] },
    ...(options.tokens && { bearer: bearerSection(options.tokens) }),
    upstreams: { app: { url: bench.upstream } },
    routes: [...(options.moreRules ?? []), ...rules(options.rules ?? 10)],
    logging: { level: options.logLevel ?? 'warn' },
  }
}

function bearerSection({ issuer, jwksUri }: TokenIssuer): object {
  return { issuers: [{ issuer, audience: benchAudience, jwks_uri: jwksUri, type: 'at+jwt' }] }
}

function rules(count: number): object[] {
  const services = Array.from({ length: count - 2 }, (_, index) => ({
    path: `/service-${index}/items/**`,
    upstream: 'app',
    scopes: ['openid'],
  }))
  const everythingElse = { path: '/**', upstream: 'app', access: 'authenticated' }
  return [{ path: '/public/**', upstream: 'app', access: 'public' }, ...services, everythingElse]
}
