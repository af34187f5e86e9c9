import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { deferred } from '../../src/core/deferred.ts'
import type { Gateway } from '../support/gateway.ts'
import { ask, cookieLine, requestBytes, startScene, startSignedIn } from '../support/scene.ts'

const provider = { accessTokenTtl: 300 }
const status = (answer: string) => answer.slice(9, 12)

function refreshesOf({ provider: { tokenRequests } }: Awaited<ReturnType<typeof startScene>>): number {
  return tokenRequests.filter(({ parameters }) => parameters['grant_type'] === 'refresh_token').length
}

/** Holds the provider's answers to token requests back: `asked` resolves with the first one, `answerNow` lets it go. */
function holdTokens({ provider: { behaviour } }: Awaited<ReturnType<typeof startScene>>) {
  const asked = deferred()
  const released = deferred()
  behaviour.respond = async (path) => {
    if (path !== '/token') return undefined
    asked.resolve()
    await released.promise
    return undefined
  }
  return { asked: asked.promise, answerNow: released.resolve }
}

/** One request to each worker. */
async function askEach(gateway: Gateway, headers: string[], line = 'GET /x'): Promise<string[]> {
  const count = gateway.fleet?.ports().length ?? 0
  return Promise.all(Array.from({ length: count }, () => ask(gateway, line, headers)))
}

t.test('200 requests to four processes at expiry make one token request, late ones none', async (t) => {
  const scene = await startSignedIn(t, { workers: 4, provider })
  const { gateway, browser, upstream } = scene
  scene.provider.behaviour.rotateRefreshTokens = true
  const old = Array.from({ length: 200 }, () => browser.clone())
  gateway.advance(301)
  const answers = await Promise.all(old.map((copy) => copy.fetch(`${gateway.origin}/data`)))
  t.equal(answers.filter(({ status }) => status === 200).length, 200)
  t.equal(refreshesOf(scene), 1)
  t.ok(answers.every(({ setCookies }) => setCookies.length > 0))
  const late = await Promise.all(old.slice(0, 20).map((copy) => copy.fetch(`${gateway.origin}/data`)))
  t.ok(late.every(({ status }) => status === 200))
  t.equal(refreshesOf(scene), 1)
  for (let count = 0; count < 4; count += 1) await browser.fetch(`${gateway.origin}/data`)
  gateway.advance(61)
  t.equal((await browser.fetch(`${gateway.origin}/data`)).status, 200, 'the new cookie was seen')
  t.equal(refreshesOf(scene), 1)
  const tokens = new Set(upstream.bytes().match(/^Authorization: \S+ \S+/gim))
  t.equal(tokens.size, 2, 'that of the sign-in, and one for all of them')
})

t.test('a provider that is slow is asked once all the same', async (t) => {
  const scene = await startSignedIn(t, { workers: 4, provider })
  const { gateway, browser } = scene
  const { asked, answerNow } = holdTokens(scene)
  gateway.advance(301)
  const answers = Array.from({ length: 40 }, () => browser.clone().fetch(`${gateway.origin}/data`))
  await asked
  gateway.advance(8)
  answerNow()
  t.ok((await Promise.all(answers)).every(({ status }) => status === 200))
  t.equal(refreshesOf(scene), 1)
})

t.test(
  'who signs out while a refresh is under way elsewhere is out everywhere, its new tokens revoked',
  async (t) => {
    const scene = await startSignedIn(t, { workers: 4, provider })
    const { gateway, browser } = scene
    const cookie = cookieLine(scene)
    const { asked, answerNow } = holdTokens(scene)
    gateway.advance(301)
    const waiting = browser.clone().fetch(`${gateway.origin}/data`)
    await asked
    const headers = { origin: gateway.origin }
    t.equal(
      (await browser.fetch(`${gateway.origin}/oauth2/sign_out`, { method: 'POST', headers })).status,
      200,
    )
    answerNow()
    t.equal((await waiting).status, 401)
    t.strictSame(new Set((await askEach(gateway, [cookie])).map(status)), new Set(['401']))
    while (scene.provider.revocations.length < 2) await gateway.logged(/./)
    t.ok(scene.provider.revocations.length >= 2, 'the old token and the new one')
  },
)

t.test('a login ends once, whichever process it comes to', async (t) => {
  const { gateway, browser } = await startScene(t, { workers: 4 })
  const { headers } = await browser.navigate(`${gateway.origin}/`, {
    stopAt: `${gateway.origin}/oauth2/callback`,
  })
  const callback = new URL(String(headers.location))
  const cookie = `Cookie: ${browser.cookiesFor(callback.href)}`
  const line = `GET ${callback.pathname}${callback.search}`
  const answers = await askEach(gateway, [cookie, 'Sec-Fetch-Mode: navigate', 'Accept: text/html'], line)
  t.strictSame(answers.filter((answer) => /set-cookie: postern=/i.test(answer)).length, 1)
})

t.test('a worker that ends is replaced; what is known about sessions is known to the next one', async (t) => {
  const scene = await startSignedIn(t, { workers: 2, provider })
  const { gateway, browser } = scene
  const ended = cookieLine(scene)
  const headers = { origin: gateway.origin }
  await browser.fetch(`${gateway.origin}/oauth2/sign_out`, { method: 'POST', headers })
  await browser.navigate(`${gateway.origin}/`)
  const live = cookieLine(scene)
  const [first = 0] = gateway.fleet?.ports() ?? []
  gateway.fleet?.kill(first)
  await gateway.logged(/another one takes its place/)
  await gateway.fleet?.isComplete()
  t.notOk(gateway.fleet?.ports().includes(first))
  t.strictSame((await askEach(gateway, [live])).map(status), ['200', '200'])
  t.strictSame((await askEach(gateway, [ended])).map(status), ['401', '401'])
  t.match(await (await fetch(`${gateway.admin}/readyz`)).json(), { checks: { workers: { ok: true } } })
})

t.test('a worker that dies takes no refresh with it', async (t) => {
  const scene = await startSignedIn(t, { workers: 2, provider })
  const { gateway } = scene
  scene.provider.behaviour.rotateRefreshTokens = true
  const cookie = cookieLine(scene)
  const { asked, answerNow } = holdTokens(scene)
  gateway.advance(301)
  const lost = ask(gateway, 'GET /x', [cookie])
  await asked
  const ports = gateway.fleet?.ports() ?? []
  for (const port of ports) gateway.fleet?.kill(port)
  await lost
  answerNow()
  await gateway.fleet?.isComplete()
  t.equal(status(await ask(gateway, 'GET /x', [cookie])), '200')
  t.equal(refreshesOf(scene), 1)
})

t.test('all of them change to a new configuration, or none', async (t) => {
  const { gateway } = await startScene(t, { workers: 3, routes: ['path: /**, access: public'] })
  await gateway.reload({ routes: ['path: /b, access: public'] })
  t.strictSame((await askEach(gateway, [])).map(status), ['404', '404', '404'])
  t.strictSame((await askEach(gateway, [], 'GET /b')).map(status), ['200', '200', '200'])
  await t.rejects(
    gateway.reload({ provider: 'issuer: "http://127.0.0.1:9", client_id: a, client_secret: b' }),
    {
      message: /^the provider is not ready/,
    },
  )
  t.strictSame((await askEach(gateway, [], 'GET /b')).map(status), ['200', '200', '200'])
  const [first = 0] = gateway.fleet?.ports() ?? []
  gateway.fleet?.kill(first)
  await gateway.fleet?.isComplete()
  t.strictSame((await askEach(gateway, [], 'GET /b')).map(status), ['200', '200', '200'], 'the next one too')
})

t.test('all of them stop, and let requests finish', async (t) => {
  const { gateway, upstream } = await startScene(t, {
    workers: 2,
    routes: ['path: /**, access: public'],
    answer: () => {},
  })
  const client = gateway.client(requestBytes(gateway, 'GET /slow'))
  const connection = await upstream.connection(0)
  await connection.sees('/slow')
  const closed = gateway.app.close()
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone')
  await client.closed
  t.match(client.bytes(), /done$/)
  await closed
  t.strictSame(gateway.fleet?.ports(), [])
})

t.test('where cookies do not arrive, who is at work in one process is not idle for the others', async (t) => {
  const scene = await startSignedIn(t, {
    workers: 2,
    forwardAuth: 'preset: caddy',
    server: 'trusted_proxies: [127.0.0.1]',
    session: 'idle_timeout: 10m',
    provider: { accessTokenTtl: 7_200 },
  })
  const { gateway } = scene
  const check = [
    cookieLine(scene),
    'X-Forwarded-Method: GET',
    'X-Forwarded-Proto: http',
    `X-Forwarded-Host: ${gateway.origin.slice(7)}`,
    'X-Forwarded-Uri: /x',
  ]
  const line = 'GET /oauth2/auth'
  for (let count = 0; count < 4; count += 1) {
    gateway.advance(300)
    t.equal(status(await ask(gateway, line, check)), '200')
  }
  t.strictSame((await askEach(gateway, check, line)).map(status), ['200', '200'])
  const [first = 0] = gateway.fleet?.ports() ?? []
  gateway.fleet?.kill(first)
  await gateway.fleet?.isComplete()
  t.strictSame((await askEach(gateway, check, line)).map(status), ['200', '200'], 'nor for one that begins')
  gateway.advance(601)
  t.strictSame((await askEach(gateway, check, line)).map(status), ['401', '401'])
})

t.test('a session that the provider ends is over in all of them', async (t) => {
  const scene = await startSignedIn(t, { workers: 2, provider })
  const { gateway } = scene
  const cookie = cookieLine(scene)
  scene.provider.behaviour.respond = (path) =>
    path === '/token' ? { status: 400, body: { error: 'invalid_grant' } } : undefined
  gateway.advance(301)
  t.strictSame((await askEach(gateway, [cookie])).map(status), ['401', '401'])
  t.strictSame((await askEach(gateway, [cookie])).map(status), ['401', '401'])
  t.equal(refreshesOf(scene), 1)
})

t.test('what was prepared for nothing is given up by all of them', async (t) => {
  const { gateway } = await startScene(t, { workers: 2, routes: ['path: /**, access: public'] })
  const { discard } = await gateway.app.prepare({ ...gateway.config, routes: [] })
  await discard()
  t.strictSame((await askEach(gateway, [])).map(status), ['200', '200'])
})

t.test(
  'where cookies may not arrive, an old one is over when any process has seen the new one',
  async (t) => {
    const scene = await startSignedIn(t, {
      workers: 2,
      forwardAuth: 'preset: nginx',
      server: 'trusted_proxies: [127.0.0.1]',
      provider,
    })
    const { gateway, browser } = scene
    const old = cookieLine(scene)
    gateway.advance(301)
    t.equal(status(await ask(gateway, 'GET /x', [old])), '200')
    gateway.advance(120)
    t.strictSame(
      (await askEach(gateway, [old])).map(status),
      ['200', '200'],
      'the new one was seen by nobody',
    )
    await browser.fetch(`${gateway.origin}/x`)
    t.equal((await browser.fetch(`${gateway.origin}/x`)).status, 200)
    gateway.advance(61)
    t.strictSame((await askEach(gateway, [old])).map(status), ['401', '401'])
  },
)

t.test('what one of them cannot prepare leaves all of them as they are', async (t) => {
  const metadata = await startMetadata(t)
  const { gateway } = await startScene(t, { workers: 2, routes: ['path: /**, access: public'] })
  await gateway.fleet?.isComplete()
  await gateway.reload({ provider: `issuer: "${metadata.issuer}", client_id: a, client_secret: b` })
  // The primary process asks first.
  for (const [turn, refused] of [[2, 3], [2], [3], [2], [3]].entries()) {
    t.match((await askEach(gateway, [], 'GET /oauth2/start')).map(status), ['302', '302'])
    metadata.refuse(refused)
    const provider = `issuer: "${metadata.issuer}", client_id: other-${turn}, client_secret: b`
    await t.rejects(gateway.reload({ provider }), { message: /not ready/ })
    for (let count = 0; count < 10; count += 1) {
      t.strictSame((await askEach(gateway, [])).map(status), ['200', '200'], `${refused}`)
    }
  }
})

/** A provider that has metadata, and no more; of the questions from now on, it does not answer those of these numbers. */
async function startMetadata(t: Test) {
  let asked = 0
  let refused: readonly number[] = []
  const server = createServer((_request, response) => {
    asked += 1
    if (refused.includes(asked)) response.statusCode = 500
    response.setHeader('content-type', 'application/json').end(
      JSON.stringify({
        issuer,
        authorization_endpoint: `${issuer}/authorize`,
        token_endpoint: `${issuer}/token`,
        jwks_uri: `${issuer}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        code_challenge_methods_supported: ['S256'],
      }),
    )
  }).listen(0, '127.0.0.1')
  t.teardown(() => server.close().closeAllConnections())
  await once(server, 'listening')
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const refuse = (numbers: readonly number[]) => {
    asked = 0
    refused = numbers
  }
  return { issuer, refuse }
}

t.test('a refresh under way is not lost by a configuration with another provider section', async (t) => {
  const scene = await startSignedIn(t, { workers: 2, provider })
  const { gateway } = scene
  scene.provider.behaviour.rotateRefreshTokens = true
  const { asked, answerNow } = holdTokens(scene)
  gateway.advance(301)
  const answer = ask(gateway, 'GET /x', [cookieLine(scene)])
  await asked
  await gateway.reload({ providerKeys: 'timeout: 20s' })
  // Whatever would be closed by now is closed.
  for (let count = 0; count < 10; count += 1) await askEach(gateway, [], 'GET /oauth2/session')
  answerNow()
  t.equal(status(await answer), '200')
  t.equal(refreshesOf(scene), 1)
})

t.test('a provider that never answers keeps nobody from stopping', async (t) => {
  const scene = await startSignedIn(t, { provider, providerKeys: 'timeout: 100s' })
  const { asked, answerNow } = holdTokens(scene)
  scene.gateway.advance(301)
  const answer = ask(scene.gateway, 'GET /x', [cookieLine(scene)])
  await asked
  const closed = scene.gateway.app.close({ delayMs: 0, withinMs: 10 })
  // Without an end to its patience it would wait for the provider, 100 seconds.
  const tooLong = delay(30_000, 'too long', { ref: false })
  t.not(await Promise.race([closed, tooLong]), 'too long')
  t.equal(await answer, '')
  answerNow()
})
