import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync } from 'node:fs'
import { createServer as createTlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { PosternError } from '../../src/core/errors.ts'
import { createDiscovery } from '../../src/provider/discovery.ts'
import type { ProviderConfig } from '../../src/provider/provider-config.ts'
import { startHostileProvider } from '../support/hostile-provider.ts'
import { configFor, createLog, failure, hostile, newLogin, now, redirectUri, subject } from './setup.ts'

/** A sleep that a test ends by hand. */
function createSleep() {
  const naps: { ms: number; wake: () => void }[] = []
  const sleep = (ms: number, signal: AbortSignal) =>
    new Promise<void>((resolve, reject) => {
      naps.push({ ms, wake: resolve })
      signal.addEventListener('abort', reject)
    })
  return { naps, sleep }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

t.test('discovery backs off 1, 2, 4 … 30 s and recovers by itself', async (t) => {
  const { naps, sleep } = createSleep()
  const log = createLog()
  let isUp = false
  let loads = 0
  const load = async () => {
    loads += 1
    if (!isUp) throw new PosternError('POSTERN_PROVIDER_UNREACHABLE', 'cannot be reached: ECONNREFUSED')
    return 'metadata'
  }
  const discovery = createDiscovery({ load, clock: now, sleep, log })
  t.strictSame(discovery.readiness(), { ready: false, reason: 'discovery has not finished' })
  discovery.start()
  for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
    await settled()
    t.equal(naps.at(-1)?.ms, seconds * 1000)
    t.match(discovery.readiness(), {
      ready: false,
      reason: 'discovery failed: cannot be reached: ECONNREFUSED',
    })
    const before = loads
    t.equal((await failure(discovery.get())).code, 'POSTERN_PROVIDER_UNREACHABLE')
    t.equal(loads, before, 'nobody asks during the back-off')
    naps.at(-1)?.wake()
  }
  isUp = true
  await settled()
  t.strictSame(discovery.readiness(), { ready: true })
  t.equal(await discovery.get(), 'metadata')
  t.equal(log.lines.filter(({ level }) => level === 'warn').length, 7)
  t.equal(log.lines.filter(({ level }) => level === 'info').length, 1)
})

t.test('those who ask while a request is under way share it', async (t) => {
  let loads = 0
  const load = async () => {
    loads += 1
    return loads
  }
  const discovery = createDiscovery({ load, clock: now, sleep: createSleep().sleep, log: createLog() })
  discovery.start()
  t.strictSame(await Promise.all([discovery.get(), discovery.get()]), [1, 1])
  t.equal(discovery.current(), 1)
})

t.test('metadata is renewed in the background after an hour, and kept when that fails', async (t) => {
  let time = 1000
  let loads = 0
  let isUp = true
  const { naps, sleep } = createSleep()
  const load = async () => {
    loads += 1
    if (!isUp) throw new PosternError('POSTERN_PROVIDER_UNREACHABLE', 'down')
    return loads
  }
  const discovery = createDiscovery({ load, clock: () => time, sleep, log: createLog() })
  t.equal(await discovery.get(), 1)
  time += 3599
  t.equal(await discovery.get(), 1)
  time += 1
  t.equal(await discovery.get(), 1, 'the old one serves meanwhile')
  await settled()
  t.equal(await discovery.get(), 2)
  isUp = false
  time += 3600
  await discovery.get()
  await settled()
  t.equal(loads, 3)
  t.equal(await discovery.get(), 2)
  t.equal(loads, 3, 'not asked again at once')
  t.strictSame(discovery.readiness(), { ready: true })
  isUp = true
  time += 60
  await discovery.get()
  await settled()
  t.equal(await discovery.get(), 4)
  t.equal(naps.length, 0)
})

t.test('closing ends the back-off', async (t) => {
  const { naps, sleep } = createSleep()
  let loads = 0
  const load = async () => {
    loads += 1
    throw new PosternError('POSTERN_PROVIDER_UNREACHABLE', 'down')
  }
  const discovery = createDiscovery({ load, clock: now, sleep, log: createLog() })
  discovery.start()
  await settled()
  discovery.close()
  await settled()
  t.equal(naps.length, 1)
  t.equal(loads, 1)
  const late = createDiscovery({ load, clock: now, sleep, log: createLog() })
  late.start()
  late.close()
  await settled()
  t.equal(naps.length, 1, 'a failure after closing starts no back-off')
})

t.test('the gateway starts without its provider, says why it is not ready, and recovers', async (t) => {
  const op = await startHostileProvider(t)
  const { naps, sleep } = createSleep()
  op.deviations.answer = { discovery: { status: 503 } }
  const { provider, lines } = subject(t, configFor(op), { sleep })
  provider.start()
  const login = newLogin(provider)
  t.equal((await failure(provider.authorizationUrl(login, redirectUri))).code, 'POSTERN_PROVIDER_UNREACHABLE')
  t.strictSame(provider.readiness(), { ready: false, reason: 'discovery failed: answered with status 503' })
  await provider.revoke({ accessToken: 'canary', obtainedAt: now() })
  t.notMatch(JSON.stringify(lines), /canary/)
  op.deviations.answer = {}
  naps[0]?.wake()
  await settled()
  t.ok(await provider.authorizationUrl(login, redirectUri))
  t.strictSame(provider.readiness(), { ready: true })
})

t.test('a clock and a timer of the process serve where none is given', async (t) => {
  const op = await startHostileProvider(t)
  op.deviations.answer = { discovery: { status: 503 } }
  const { provider } = subject(t, configFor(op), { sleep: undefined as never })
  await failure(provider.authorizationUrl(newLogin(provider), redirectUri))
  t.equal(provider.readiness().ready, false)
  await provider.close()
})

t.test('a discovery document that is not to be trusted is refused', async (t) => {
  const op = await startHostileProvider(t)
  const refused: Record<string, Record<string, unknown>> = {
    'another issuer': { issuer: 'https://evil.example' },
    'the issuer with a slash': { issuer: `${op.issuer}/` },
    'no issuer': { issuer: undefined },
    'no token endpoint': { token_endpoint: undefined },
    'no keys': { jwks_uri: undefined },
    'an endpoint that is a number': { authorization_endpoint: 5 },
    'an endpoint that is no address': { token_endpoint: 'token' },
    'a token endpoint over http elsewhere': { token_endpoint: 'http://169.254.169.254/latest' },
    'another scheme': { userinfo_endpoint: 'file:///etc/passwd' },
    'credentials in an endpoint': { revocation_endpoint: 'https://a:b@example.com/' },
    'a fragment in an endpoint': { end_session_endpoint: 'https://example.com/#x' },
  }
  for (const [name, discovery] of Object.entries(refused)) {
    op.deviations.discovery = discovery
    const { provider } = subject(t, configFor(op))
    const error = await failure(provider.authorizationUrl(newLogin(provider), redirectUri))
    t.equal(error.code, 'POSTERN_PROVIDER_INVALID', `${name}: ${error.message}`)
    t.match(provider.readiness(), { ready: false, reason: error.detail })
  }
  const answers = [
    { status: 200, body: [] },
    { status: 404 },
    { status: 302, headers: { location: '/' } },
    { status: 200, body: 'x' },
    'flood',
  ] as const
  for (const discovery of answers) {
    op.deviations.answer = { discovery }
    const { provider } = subject(t, configFor(op))
    const error = await failure(provider.authorizationUrl(newLogin(provider), redirectUri))
    t.equal(error.code, 'POSTERN_PROVIDER_INVALID')
  }
})

t.test('http endpoints are for loopback issuers, or said to be dangerous', async (t) => {
  const document = (issuer: string, host: string) => ({
    issuer,
    authorization_endpoint: `http://${host}/a`,
    token_endpoint: `http://${host}/t`,
    jwks_uri: `http://${host}/k`,
  })
  const attempt = async (issuer: string, host: string, changes: Partial<ProviderConfig> = {}) => {
    const fetch = async () => Response.json(document(issuer, host))
    const op = { issuer, clientId: 'postern', clientSecret: 'secret' }
    const { provider } = subject(t, configFor(op, changes), { fetch })
    return provider.authorizationUrl(newLogin(provider), redirectUri)
  }
  for (const host of ['localhost:1', '127.0.0.1', '[::1]:1'])
    t.match(await attempt('http://localhost', host), `http://${host}`)
  t.match(
    await attempt('http://op.example', 'op.example', { dangerously_allow_http: true }),
    'http://op.example',
  )
  for (const [issuer, host] of [
    ['https://op.example', '127.0.0.1:8500'],
    ['https://op.example', 'op.example'],
    ['http://localhost', '127.0.0.1.evil.example'],
  ] as const) {
    t.equal((await failure(attempt(issuer, host))).code, 'POSTERN_PROVIDER_INVALID', `${host} of ${issuer}`)
  }
})

t.test('the address of the document is appended to an issuer with a path', async (t) => {
  const asked: string[] = []
  const fetch = async (url: string) => {
    asked.push(url)
    throw new TypeError('fetch failed')
  }
  for (const issuer of [
    'https://op.example/realms/a',
    'https://op.example/realms/a/',
    'https://op.example',
  ]) {
    const { provider } = subject(t, configFor({ issuer, clientId: 'postern', clientSecret: 's' }), { fetch })
    t.match(await failure(provider.authorizationUrl(newLogin(provider), redirectUri)), {
      code: 'POSTERN_PROVIDER_UNREACHABLE',
      detail: 'cannot be reached: connection failed',
    })
  }
  t.strictSame(asked, [
    'https://op.example/realms/a/.well-known/openid-configuration',
    'https://op.example/realms/a/.well-known/openid-configuration',
    'https://op.example/.well-known/openid-configuration',
  ])
})

t.test('certificates are verified, against the configured authority where there is one', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'postern-'))
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'cert.pem')]
  const subjectOf = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost']
  const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  execFileSync('openssl', ['req', '-x509', ...curve, ...subjectOf, '-keyout', key, '-out', cert], {
    stdio: 'ignore',
  })
  const ca = readFileSync(cert, 'utf8')
  const server = createTlsServer({ key: readFileSync(key), cert: ca }, (_request, response) => {
    const issuer = `https://localhost:${(server.address() as AddressInfo).port}`
    const [authorization_endpoint, token_endpoint, jwks_uri] = [issuer, issuer, issuer]
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify({ issuer, authorization_endpoint, token_endpoint, jwks_uri }))
  })
  await new Promise<void>((resolve) => server.listen(0, resolve))
  t.teardown(() => server.close())
  const { port } = server.address() as AddressInfo
  const attempt = async (host: string, tls: { ca?: string }) => {
    const config = configFor(
      { issuer: `https://${host}:${port}`, clientId: 'postern', clientSecret: 's' },
      { tls },
    )
    const { provider } = subject(t, config)
    return provider.authorizationUrl(newLogin(provider), redirectUri)
  }
  t.match(await attempt('localhost', { ca }), `https://localhost:${port}/?`)
  t.match(await failure(attempt('localhost', {})), {
    detail: 'cannot be reached: DEPTH_ZERO_SELF_SIGNED_CERT',
  })
  t.match(await failure(attempt('127.0.0.1', { ca })), {
    detail: 'cannot be reached: ERR_TLS_CERT_ALTNAME_INVALID',
  })
})

t.test('a login is possible after a failed attempt, without a restart', async (t) => {
  const { naps, sleep } = createSleep()
  const at = await hostile(t, {}, { sleep })
  at.op.deviations.answer = { discovery: 'drop' }
  await failure(at.signIn())
  at.op.deviations.answer = {}
  naps[0]?.wake()
  await settled()
  t.equal((await at.signIn()).sub, 'alice')
})
