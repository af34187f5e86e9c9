import { randomBytes } from 'node:crypto'
import { writeFileSync } from 'node:fs'
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
}>

const main = fileURLToPath(new URL('../../src/main.js', import.meta.url))

/** Starts Postern with a configuration of its own and signs in. */
export async function postern(bench: Bench, options: PosternOptions): Promise<Running> {
  const port = await freePort()
  const config = bench.file(`postern-${port}.yaml`)
  writeFileSync(config, JSON.stringify(configuration(bench, options, port, await freePort())))
  const command = [process.execPath, main, 'serve', '--config', config]
  const server = await serveProgram(command, port, bench.cores.subject, bench.file(`postern-${port}.log`))
  const url = server.url + (options.path ?? guardedPath)
  const cookies = options.isSignedIn === false ? [] : [await login(url)]
  return { url, pids: processTree(server.pid), cookies, close: server.close }
}

/** The configuration as data: JSON is YAML, and without spaces 10,000 rules stay below the 1 MiB a file may have. */
function configuration(bench: Bench, options: PosternOptions, port: number, adminPort: number): object {
  return {
    server: {
      listen: `127.0.0.1:${port}`,
      public_url: `http://127.0.0.1:${port}`,
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
    session: { keys: [options.key ?? randomBytes(32).toString('base64')] },
    ...(options.tokens && { bearer: bearerSection(options.tokens) }),
    upstreams: { app: { url: bench.upstream } },
    routes: rules(options.rules ?? 10),
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
