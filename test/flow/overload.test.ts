import t, { type Test } from 'tap'
import type { Reading } from '../../src/overload/load.ts'
import { ask, cookieLine, startSignedIn } from '../support/scene.ts'

const nothing: Reading = { eventLoopDelay: 0, memory: 0 }

const plain = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'
const events = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n'

/** A gateway whose load is what the test says. */
async function startLoaded(t: Test) {
  let reading = nothing
  const scene = await startSignedIn(t, {
    answer: ({ socket, send }) => {
      socket.on('data', (chunk: Buffer) => send(chunk.includes('GET /events') ? events : plain))
    },
    gauge: { read: () => reading, stop: () => undefined },
    server: 'overload: { event_loop_delay: 200ms, memory: 80% }',
  })
  const load = (now: Partial<Reading>) => {
    reading = { ...nothing, ...now }
    for (const _ of ['once', 'and again']) scene.gateway.app.sweep()
  }
  return { ...scene, load }
}

t.test('while there is too much to do, new requests are turned away and open streams go on', async (t) => {
  const scene = await startLoaded(t)
  const { gateway, upstream, load } = scene
  const before = upstream.connections.length
  const stream = gateway.client(
    `GET /events HTTP/1.1\r\nHost: ${gateway.origin.slice(7)}\r\n${cookieLine(scene)}\r\n\r\n`,
  )
  await stream.sees('data: 1')

  load({ eventLoopDelay: 201 })
  const page = await ask(gateway, 'GET /page', [
    cookieLine(scene),
    'Accept: text/html',
    'Sec-Fetch-Mode: navigate',
  ])
  t.match(page, /^HTTP\/1\.1 503 Service Unavailable\r\n/)
  t.match(page, /\r\nretry-after: 5\r\n/)
  t.match(page, '<h1>Too busy right now</h1>')
  const problem = await ask(gateway, 'GET /page', [cookieLine(scene)])
  t.match(problem, /^HTTP\/1\.1 503 [\s\S]*"reason":"overload-event-loop-delay"/)
  t.match(await ask(gateway, 'GET /oauth2/start'), /^HTTP\/1\.1 503 /, 'no login begins')
  t.match(await ask(gateway, 'GET /oauth2/callback'), /^HTTP\/1\.1 400 /, 'one that comes back is served')
  t.match(await ask(gateway, 'GET /oauth2/signed_out'), /^HTTP\/1\.1 200 /)
  t.match(await ask(gateway, 'GET /a\\b'), /^HTTP\/1\.1 400 /, 'what is not valid is told so')
  const opened = upstream.connections.filter((connection) => connection.bytes().includes('GET /events'))
  t.ok(upstream.connections.length <= before + 1, 'nothing but the stream')
  t.notMatch(upstream.bytes(), 'GET /page')

  opened[0]?.send('data: 2\n\n')
  await stream.sees('data: 2')

  load({ eventLoopDelay: 190 })
  t.match(await ask(gateway, 'GET /oauth2/start'), /^HTTP\/1\.1 503 /, 'not much better yet')
  load({})
  t.match(await ask(gateway, 'GET /oauth2/start'), /^HTTP\/1\.1 302 /)
  const told = gateway.logs().filter(({ msg }) => /overloaded/.test(String(msg)))
  t.match(told, [
    { level: 40, reason: 'event-loop-delay', msg: 'overloaded: new requests are answered with 503' },
    { level: 30, msg: 'no longer overloaded: requests are served again' },
  ])
})

t.test('memory counts as well, and the probes tell of it without giving up', async (t) => {
  const { gateway, load } = await startLoaded(t)
  load({ memory: 0.81 })
  t.match(await ask(gateway, 'GET /page'), /^HTTP\/1\.1 503 [\s\S]*"reason":"overload-memory"/)
  const ready = await fetch(`${gateway.admin}/readyz`)
  t.equal(ready.status, 200)
  t.match(await ready.json(), { status: 'ready', checks: { overload: { ok: false, reason: 'memory' } } })
  t.equal((await fetch(`${gateway.admin}/healthz`)).status, 200)
  load({})
  t.notMatch(await (await fetch(`${gateway.admin}/readyz`)).text(), 'overload')
})

t.test('a WebSocket that would be opened is turned away like any other request', async (t) => {
  const scene = await startLoaded(t)
  scene.load({ memory: 0.9 })
  const answer = await ask(scene.gateway, 'GET /socket', [
    cookieLine(scene),
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
  ])
  t.match(answer, /^HTTP\/1\.1 503 /)
})
