import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import type { Connection } from '../support/recorder.ts'
import { cookieLine, requestBytes, type Scene, startSignedIn } from '../support/scene.ts'

// A stream whose upstream took its time opened after the sign-out, and then stayed open for hours.

const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'
const events = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n'
const plain = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nhi'
const upgrade = ['Connection: Upgrade', 'Upgrade: websocket']

const ask = (scene: Scene, path: string, headers: readonly string[]) =>
  scene.gateway.client(
    requestBytes(scene.gateway, `GET ${path}`, [
      cookieLine(scene),
      `Origin: ${scene.gateway.origin}`,
      ...headers,
    ]),
  )

t.test('a stream that opens after its session was ended is closed at once', async (t) => {
  const held: Connection[] = []
  const scene = await startSignedIn(t, {
    answer: (connection) => {
      connection.socket.on('data', () => {
        if (/^GET \/(?:ws|events) [\s\S]*\r\n\r\n$/.test(connection.bytes())) held.push(connection)
        else connection.send(plain)
      })
    },
  })
  const { gateway, browser } = scene
  const socket = ask(scene, '/ws', upgrade)
  const stream = ask(scene, '/events', [])
  while (held.length < 2) await delay(5)
  const { status } = await browser.fetch(`${gateway.origin}/oauth2/sign_out`, {
    method: 'POST',
    headers: { origin: gateway.origin },
  })
  t.equal(status, 200)
  for (const connection of held) {
    connection.send(/^GET \/ws /.test(connection.bytes()) ? switching : `${events}data: 1\n\n`)
  }
  await Promise.all([socket.closed, stream.closed])
  t.match(socket.bytes(), /^HTTP\/1\.1 101 [\s\S]*session ended$/)
  t.match(stream.bytes(), /^HTTP\/1\.1 200 /)
})

t.test('streams end when the provider refuses to renew their session', async (t) => {
  const scene = await startSignedIn(t, {
    provider: { accessTokenTtl: 60 },
    answer: (connection) => {
      connection.socket.on('data', () =>
        connection.send(/^GET \/ws /.test(connection.bytes()) ? switching : plain),
      )
    },
  })
  const { gateway, provider, browser } = scene
  const socket = ask(scene, '/ws', upgrade)
  await socket.sees('101')
  provider.behaviour.respond = (path) =>
    path === '/token' ? { status: 400, body: { error: 'invalid_grant' } } : undefined
  gateway.advance(61)
  t.equal((await browser.fetch(`${gateway.origin}/page`)).status, 401)
  await socket.closed
  t.match(socket.bytes(), /session ended$/)
})
