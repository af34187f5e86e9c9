import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import type { UpstreamConfig } from '../../src/proxy/upstreams.ts'
import { startGate, upstreamConfig } from '../support/gate.ts'
import { pem, startRecorder } from '../support/recorder.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'
const get = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'
const trusted = { key: pem('server-key'), cert: pem('server') }

const setUp = async (t: Test, server: object, tls: UpstreamConfig['tls']) => {
  const recorder = await startRecorder(ok, { tls: server })
  t.teardown(recorder.close)
  const gate = await startGate(t, upstreamConfig(recorder.origin, { tls }))
  return { recorder, gate }
}

const refusal = async (t: Test, server: object, tls: UpstreamConfig['tls']): Promise<string | undefined> => {
  const { recorder, gate } = await setUp(t, server, tls)
  await gate.client(get).sees('UNREACHABLE')
  t.equal(recorder.bytes(), '', 'nothing was told to an upstream that is not trusted')
  return gate.failures[0]?.detail
}

t.test('an upstream whose certificate nobody vouches for is refused', async (t) => {
  const server = { key: pem('untrusted-key'), cert: pem('untrusted') }
  t.equal(await refusal(t, server, {}), 'upstream web: DEPTH_ZERO_SELF_SIGNED_CERT')
  t.equal(await refusal(t, server, { ca: pem('ca') }), 'upstream web: DEPTH_ZERO_SELF_SIGNED_CERT')
})

t.test('an upstream is accepted by the configured authority, and its connection is kept', async (t) => {
  const { recorder, gate } = await setUp(t, trusted, { ca: pem('ca') })
  await gate.client(get).sees('\r\n\r\nok')
  t.match(recorder.bytes(), /^GET \/x HTTP\/1\.1\r\nhost: app\.example\.com\r\n/)
  await gate.client(get).sees('\r\n\r\nok')
  t.equal(recorder.connections.length, 1)
})

t.test(
  'the client\u2019s Host has no say in the name the certificate must have, nor in the connection',
  async (t) => {
    const recorder = await startRecorder(ok, { tls: trusted })
    t.teardown(recorder.close)
    const gate = await startGate(t, upstreamConfig(recorder.origin, { tls: { ca: pem('ca') } }), (req) => ({
      facts: { host: req.headers.host as string },
    }))
    for (const host of ['evil.example', 'other.example', 'localhost']) {
      await gate.client(`GET /x HTTP/1.1\r\nHost: ${host}\r\n\r\n`).sees('\r\n\r\nok')
    }
    t.equal(recorder.connections.length, 1)
  },
)

t.test('a certificate for another name is refused, unless that name is configured', async (t) => {
  const named = { key: pem('named-key'), cert: pem('named') }
  t.equal(await refusal(t, named, { ca: pem('ca') }), 'upstream web: ERR_TLS_CERT_ALTNAME_INVALID')
  const { gate } = await setUp(t, named, { ca: pem('ca'), server_name: 'upstream.internal' })
  await gate.client(get).sees('\r\n\r\nok')
})

t.test('the configured server name is the one that must match', async (t) => {
  t.equal(
    await refusal(t, trusted, { ca: pem('ca'), server_name: 'upstream.internal' }),
    'upstream web: ERR_TLS_CERT_ALTNAME_INVALID',
  )
})

t.test('a client certificate is shown to an upstream that asks for one', async (t) => {
  const asking = { ...trusted, ca: pem('ca'), requestCert: true, rejectUnauthorized: true }
  const { gate } = await setUp(t, asking, { ca: pem('ca'), cert: pem('client'), key: pem('client-key') })
  await gate.client(get).sees('\r\n\r\nok')
  const without = await setUp(t, asking, { ca: pem('ca') })
  await without.gate.client(get).sees('POSTERN_UPSTREAM_UNREACHABLE')
})

t.test('an upstream may listen on a unix socket', async (t) => {
  const path = join(mkdtempSync(join(tmpdir(), 'postern-')), 'up.sock')
  const recorder = await startRecorder(ok, { path })
  t.teardown(recorder.close)
  const config = upstreamConfig(recorder.origin, {
    url: { origin: recorder.origin, socket_path: path, base_path: '/v1' },
    host: 'rewrite',
  })
  const gate = await startGate(t, config)
  await gate.client(get).sees('\r\n\r\nok')
  t.match(recorder.bytes(), /^GET \/v1\/x HTTP/)
  t.equal(gate.upstream.host, 'localhost')
})

t.test('an upstream keeps what the gate needs to know about it', async (t) => {
  const gate = await startGate(t, upstreamConfig('http://up:8080', { identity_headers: { 'X-User': 'sub' } }))
  t.match(gate.upstream, {
    name: 'web',
    token: 'access',
    host: undefined,
    identityHeaders: { 'X-User': 'sub' },
  })
})
