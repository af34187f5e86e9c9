import { once } from 'node:events'
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { gzipSync } from 'node:zlib'
import type { Test } from 'tap'
import { createBrowser } from '../../support/browser.ts'
import { startGateway } from '../../support/gateway.ts'
import { pem, startRecorder } from '../../support/recorder.ts'
import { expectNobody, expectNoStrangers, expectSignedIn, signIn } from '../hostile-scene.ts'
import { type Check, type Checks, deviating, json, refused } from './case.ts'

/** Nobody is sent to a provider whose metadata is not in order, and the gateway says that it is not ready. */
function notReady(ways: Parameters<typeof refused>[0]): Check {
  return async (t) => {
    for (const [name, deviate] of Object.entries(ways)) {
      await t.test(name, async (t) => {
        const scene = await deviating(t, deviate)
        const page = await signIn(scene)
        await expectNobody(t, scene, page)
        t.equal(scene.op.count('authorize'), 0, 'nobody was sent to the provider')
        t.equal((await fetch(`${scene.gateway.admin}/readyz`)).status, 503)
        t.equal((await fetch(`${scene.gateway.admin}/healthz`)).status, 200)
      })
    }
  }
}

const members = (discovery: Record<string, unknown>) => ({ discovery })
const answer = (misdeed: Parameters<typeof json>[0] | object) => ({ answer: { discovery: misdeed as never } })

const internal = [
  'http://169.254.169.254/latest',
  'http://10.0.0.1/x',
  'http://[fd00::1]/x',
  'file:///etc/passwd',
  'gopher://127.0.0.1/x',
  'javascript:alert(1)',
  'data:text/html,x',
  '//evil.example/x',
  '/relative',
  '',
  7,
  ['https://evil.example/x'],
  'https://user:pass@evil.example/x',
  'https://evil.example/x#y',
]

const everywhere = (name: string) =>
  Object.fromEntries(internal.map((value) => [JSON.stringify(value), members({ [name]: value })]))

export const discoveryChecks: Checks = {
  'DI-issuer': notReady({
    'of somebody else': members({ issuer: 'https://evil.example' }),
    missing: members({ issuer: undefined }),
    null: members({ issuer: null }),
    'a list': (op) => members({ issuer: [op.issuer] }),
    'a slash more': (op) => members({ issuer: `${op.issuer}/` }),
    capitals: (op) => members({ issuer: op.issuer.toUpperCase() }),
    'the template of a tenant': (op) => members({ issuer: `${op.issuer}/{tenantid}` }),
  }),
  'DI-missing': notReady({
    authorization_endpoint: members({ authorization_endpoint: undefined }),
    token_endpoint: members({ token_endpoint: undefined }),
    jwks_uri: members({ jwks_uri: undefined }),
  }),
  'DI-token-endpoint': notReady(everywhere('token_endpoint')),
  'DI-authorization-endpoint': notReady(everywhere('authorization_endpoint')),
  'DI-jwks-uri': notReady(everywhere('jwks_uri')),
  'DI-userinfo-endpoint': notReady(everywhere('userinfo_endpoint')),
  'DI-revocation-endpoint': notReady(everywhere('revocation_endpoint')),
  'DI-end-session-endpoint': notReady(everywhere('end_session_endpoint')),
  'DI-redirect': notReady(
    Object.fromEntries(
      ['http://169.254.169.254/', 'https://evil.example/', '/.well-known/other'].flatMap((location) =>
        [301, 302, 303, 307, 308].map((status) => [
          `${status} ${location}`,
          answer({ status, headers: { location } }),
        ]),
      ),
    ),
  ),
  'DI-size': notReady({
    '20 MB': members({ more: 'x'.repeat(20_000_000) }),
    'no end': answer('flood' as never),
    'a gzip bomb': answer(
      json(gzipSync(Buffer.alloc(50_000_000, ' ')) as never, { 'content-encoding': 'gzip' }),
    ),
    'nested 100 000 deep': answer(json(`${'['.repeat(100_000)}${']'.repeat(100_000)}`)),
  }),
  'DI-time': notReady({
    hang: answer('hang' as never),
    drip: answer('drip' as never),
    drop: answer('drop' as never),
  }),
  'DI-form': notReady({
    HTML: answer({ status: 200, headers: { 'content-type': 'text/html' }, body: '<h1>Hello</h1>' }),
    'a list': answer(json('[]')),
    null: answer(json('null')),
    text: answer(json('"x"')),
    nothing: answer({ status: 200 }),
    'half of it': answer(json('{"issuer":"http')),
    404: answer({ status: 404 }),
    204: answer({ status: 204 }),
    500: answer({ status: 500 }),
  }),
  'DI-prototype': prototypeMembers,
  'DI-recovers': recovers,
  'DI-outage': outage,
  'DI-algorithms': refused(
    {
      none: {
        discovery: { id_token_signing_alg_values_supported: ['none'] },
        sign: ({ header, claims }) =>
          [{ ...header, alg: 'none' }, claims]
            .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
            .concat('')
            .join('.'),
      },
    },
    1,
  ),
  'DI-plain-behind-https': notReady({
    'a token endpoint that speaks http': (op) =>
      members({ token_endpoint: op.issuer.replace('http:', 'ftp:') }),
  }),
  'TLS-untrusted': untrusted,
  'TLS-http-issuer': httpIssuer,
}

/** Members that every object has are no metadata, and change nothing of the program. */
async function prototypeMembers(t: Test): Promise<void> {
  const scene = await deviating(t, (op) => ({
    answer: {
      discovery: json(
        JSON.stringify({
          issuer: op.issuer,
          authorization_endpoint: `${op.issuer}/authorize`,
          token_endpoint: `${op.issuer}/token`,
          jwks_uri: `${op.issuer}/jwks`,
        }).replace('{', '{"__proto__":{"polluted":true},"constructor":{"prototype":{"polluted":true}},'),
      ),
    },
  }))
  expectSignedIn(t, scene, await signIn(scene))
  t.equal(({} as Record<string, unknown>)['polluted'], undefined)
}

/** A provider that was down when the gateway started is found by itself later. */
async function recovers(t: Test): Promise<void> {
  const scene = await deviating(t, { answer: { discovery: { status: 503 } } })
  await expectNobody(t, scene, await signIn(scene))
  scene.op.deviations.answer = {}
  await scene.gateway.logged(/the provider is ready/)
  expectSignedIn(t, scene, await signIn(scene))
}

/** What was learnt serves on while discovery is down. */
async function outage(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  await scene.gateway.logged(/the provider is ready/)
  scene.op.deviations.answer = { discovery: { status: 503 } }
  scene.gateway.advance(4000)
  const page = await scene.browser.navigate(`${scene.gateway.origin}/deep`, { follow: false })
  t.equal(page.status, 302)
  t.match(page.headers.location, `${scene.op.issuer}/authorize?`)
  expectNoStrangers(t, scene)
}

/** Neither an unknown authority nor another name: not one byte of a request is sent. */
async function untrusted(t: Test): Promise<void> {
  for (const [name, certificate, host] of [
    ['an unknown authority', 'untrusted', 'localhost'],
    ['another name', 'named', '127.0.0.1'],
    ['an authority of our own that nobody configured', 'server', 'localhost'],
  ] as const) {
    await t.test(name, async (t) => {
      let requests = 0
      const server = createServer(
        { cert: pem(certificate), key: pem(`${certificate}-key`) },
        (_, response) => {
          requests += 1
          response.end('{}')
        },
      ).listen(0, '127.0.0.1')
      await once(server, 'listening')
      t.teardown(() => void server.close())
      const upstream = await startRecorder()
      t.teardown(upstream.close)
      const gateway = await startGateway(t, {
        provider: `issuer: "https://${host}:${(server.address() as AddressInfo).port}", client_id: postern, client_secret: very-secret`,
        upstream: upstream.origin,
        routes: ['path: /**, access: authenticated'],
      })
      t.equal((await createBrowser().navigate(`${gateway.origin}/deep`)).status, 503)
      t.equal(requests, 0)
      t.equal(upstream.bytes(), '')
    })
  }
}

/** A provider without TLS is no provider, unless it is on this machine or somebody says that it is dangerous. */
async function httpIssuer(t: Test): Promise<void> {
  for (const provider of [
    'issuer: "http://op.example", client_id: a, client_secret: b',
    'issuer: "http://127.0.0.1.evil.example", client_id: a, client_secret: b',
    'issuer: "http://localhost.evil.example", client_id: a, client_secret: b',
    'endpoints: { authorization: "https://op.example/a", token: "http://op.example/t", userinfo: "https://op.example/u" }, scopes: [x], client_id: a, client_secret: b',
  ]) {
    const options = { provider, upstream: 'http://127.0.0.1:9', routes: ['path: /**, access: authenticated'] }
    await t.rejects(startGateway(t, options), /http/, provider)
  }
}
