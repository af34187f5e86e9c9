import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { otherKey, testKey } from '../support/gateway.ts'
import { startRecorder } from '../support/recorder.ts'
import { ask, cookieLine, requestBytes, startScene, startSignedIn } from '../support/scene.ts'

const status = (answer: string) => answer.slice(9, 12)

t.test('rules change between two requests of one connection', async (t) => {
  const { gateway } = await startScene(t, { routes: ['path: /**, access: public'] })
  const client = gateway.client()
  const kept = ['Connection: keep-alive']
  client.send(requestBytes(gateway, 'GET /a', kept))
  await client.sees('hi')
  await gateway.reload({ routes: ['path: /b, access: public'] })
  client.send(requestBytes(gateway, 'GET /a', kept))
  await client.sees('HTTP/1.1 404')
  client.send(requestBytes(gateway, 'GET /b'))
  await client.closed
  t.equal(client.bytes().match(/HTTP\/1\.1 200/g)?.length, 2)
})

t.test(
  'a request under way finishes under the rules it began with, its upstream gone from them',
  async (t) => {
    const old = await startRecorder()
    t.teardown(old.close)
    const { gateway } = await startScene(t, {
      upstreams: (origin) => `{ web: { url: "${origin}" }, old: { url: "${old.origin}" } }`,
      routes: ['path: /old/**, upstream: old, access: public', 'path: /**, access: public'],
    })
    const client = gateway.client(requestBytes(gateway, 'GET /old/slow'))
    const connection = await old.connection(0)
    await connection.sees('/old/slow')
    const before = gateway.app.gateway()
    await gateway.reload({
      upstream: old.origin.replace(/:\d+$/, ':9'),
      routes: ['path: /new, access: public'],
    })
    t.equal(status(await ask(gateway, 'GET /old/slow')), '404')
    connection.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\ndone')
    await client.closed
    t.match(client.bytes(), /^HTTP\/1\.1 200 [\s\S]*done$/)
    t.not(gateway.app.gateway(), before)
    await connection.closed
    t.pass('its connections are closed then')
  },
)

t.test(
  'sessions live on: with the key that was first, and with a provider and upstreams that stay',
  async (t) => {
    const scene = await startSignedIn(t, { keys: [testKey] })
    const { gateway } = scene
    const { provider, upstreams } = gateway.app.gateway()
    const pool = upstreams.get('web').pool
    await gateway.reload({ keys: [otherKey, testKey] })
    const answer = await ask(gateway, 'GET /x', [cookieLine(scene)])
    t.equal(status(answer), '200')
    t.match(answer, /Set-Cookie: [^;]*postern/i, 'sealed anew, under the new key')
    t.equal(gateway.app.gateway().provider, provider)
    t.equal(gateway.app.gateway().upstreams.get('web').pool, pool, 'connections are kept')
    await gateway.reload({ keys: [otherKey] })
    t.not(
      status(await ask(gateway, 'GET /x', [cookieLine(scene)])),
      '200',
      'the old seal opens nothing any more',
    )
  },
)

t.test('a former gateway, and what it alone used, is let go of', async (t) => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const { gateway } = await startScene(t, { routes: ['path: /**, access: public'] })
  const former = [] as WeakRef<object>[]
  for (const path of ['/a', '/b', '/c']) {
    const serving = gateway.app.gateway()
    former.push(new WeakRef(serving), new WeakRef(serving.upstreams))
    await gateway.reload({ routes: [`path: ${path}, access: public`] })
  }
  t.equal(status(await ask(gateway, 'GET /c')), '200')
  collect()
  // The latest may still be held by its last promises; a chain of them would hold all.
  await new Promise((resolve) => setImmediate(resolve))
  collect()
  t.strictSame(
    former.slice(0, 4).map((one) => one.deref() !== undefined),
    [false, false, false, false],
  )
})

t.test('a session that was ended stays ended', async (t) => {
  const scene = await startSignedIn(t)
  const { gateway, browser } = scene
  const cookie = cookieLine(scene)
  await browser.fetch(`${gateway.origin}/oauth2/sign_out`, {
    method: 'POST',
    headers: { origin: gateway.origin },
  })
  await gateway.reload({ routes: ['path: /**, access: authenticated, methods: [GET]'] })
  t.not(status(await ask(gateway, 'GET /x', [cookie])), '200')
})

t.test('a WebSocket outlives the configuration it was opened under', async (t) => {
  const upgraded = 'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\r\n'
  const { gateway, upstream } = await startScene(t, {
    routes: ['path: /**, access: public'],
    answer: upgraded,
  })
  const client = gateway.client(
    requestBytes(gateway, 'GET /ws', [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==',
    ]),
  )
  await client.sees('101')
  await gateway.reload({ routes: ['path: /other, access: public'] })
  ;(await upstream.connection(0)).send('\x81\x02hi')
  await client.sees('\x81\x02hi')
  await gateway.app.close()
  await client.sees('going away')
  await client.closed
  t.ok(client.bytes().endsWith('\x88\x0c\x03\xe9going away'))
})

t.test('what takes a restart is named, and nothing is changed', async (t) => {
  const { gateway } = await startScene(t, { routes: ['path: /**, access: public'] })
  const before = gateway.app.gateway()
  const { config } = before
  const next = {
    ...config,
    admin: { ...config.admin, listen: { path: '/elsewhere' } },
    logging: { ...config.logging, format: 'pretty' as const },
  }
  await t.rejects(gateway.app.prepare(next), {
    message: 'a restart is needed to change admin.listen, logging.format',
  })
  t.equal(gateway.app.gateway(), before)
})

t.test('a provider that does not answer is not taken in place of one that does', async (t) => {
  const { gateway } = await startScene(t, { hint: '' })
  await fetch(`${gateway.origin}/oauth2/start`, { redirect: 'manual' })
  const before = gateway.app.gateway()
  const next = 'issuer: "http://127.0.0.1:9", client_id: a, client_secret: b'
  await t.rejects(gateway.reload({ provider: next }), { message: /^the provider is not ready: / })
  t.equal(gateway.app.gateway(), before)
  t.ok(before.readiness().ready)
})

t.test('in place of one that does not answer, any is taken', async (t) => {
  const silent = await startRecorder(() => {})
  t.teardown(silent.close)
  const issuer = (origin: string) => `issuer: "${origin}", client_id: a, client_secret: b`
  const { gateway } = await startScene(t, { routes: ['path: /**, access: public'] })
  await gateway.restart({ provider: issuer('http://127.0.0.1:9') })
  await gateway.reload({ provider: issuer(silent.origin) })
  t.equal(status(await ask(gateway, 'GET /x')), '200')
})

t.test('what was prepared and is not wanted leaves nothing behind', async (t) => {
  const { gateway } = await startScene(t, { routes: ['path: /**, access: public'] })
  const before = gateway.app.gateway()
  const { discard } = await gateway.app.prepare({ ...gateway.config, routes: [] })
  await discard()
  t.equal(gateway.app.gateway(), before)
  t.equal(status(await ask(gateway, 'GET /x')), '200', 'upstreams and provider are still open')
})

t.test(
  'a refused configuration shows where readiness is asked for, and takes nobody out of service',
  async (t) => {
    const { gateway } = await startScene(t, { hint: '' })
    await fetch(`${gateway.origin}/oauth2/start`, { redirect: 'manual' })
    const ready = async () => {
      const answer = await fetch(`${gateway.admin}/readyz`)
      return { code: answer.status, ...((await answer.json()) as object) }
    }
    t.match(await ready(), { code: 200, checks: { provider: { ok: true }, config: undefined } })
    gateway.app.noteReload({ at: new Date(0), reason: 'postern.yaml:1:1  server  is missing' })
    t.match(await ready(), {
      code: 200,
      checks: {
        config: {
          ok: false,
          reason: /^the one of 1970-01-01T00:00:00\.000Z was refused.*server {2}is missing$/,
        },
      },
    })
    gateway.app.noteReload({ at: new Date(0) })
    t.match(await ready(), { code: 200, checks: { config: undefined } })
  },
)

t.test('the log level changes with the configuration', async (t) => {
  const { gateway } = await startScene(t, { routes: ['path: /**, access: public'], level: 'error' })
  await ask(gateway, 'GET /silent')
  await gateway.reload({ level: 'info' })
  await ask(gateway, 'GET /told')
  await gateway.logged(/\/told/)
  t.notMatch(gateway.logText(), /\/silent/)
})

t.test('what is prepared when the gateway stops comes too late', async (t) => {
  const { gateway } = await startScene(t, { routes: ['path: /**, access: public'] })
  const before = gateway.app.gateway()
  const { commit } = await gateway.app.prepare({ ...gateway.config, routes: [] })
  const closed = gateway.app.close()
  commit()
  await closed
  t.equal(gateway.app.gateway(), before)
})

t.test('a new configuration is built in steps, with turns for requests between them', async (t) => {
  const { gateway } = await startScene(t, { routes: ['path: /**, access: public'] })
  let turns = 0
  const count = () => {
    turns++
    counting = setImmediate(count)
  }
  let counting = setImmediate(count)
  const { discard } = await gateway.app.prepare({ ...gateway.config, routes: [] })
  clearImmediate(counting)
  await discard()
  t.ok(turns >= 3, `${turns} turns`)
})
