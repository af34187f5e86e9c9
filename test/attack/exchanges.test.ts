import t, { type Test } from 'tap'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Connection, type Recorder, startRecorder } from '../support/recorder.ts'
import { runFamily } from './family.ts'
import { messageScene, next } from './messages.ts'
import { messagesIn, statusOf } from './strict-wire.ts'

type Scene = Readonly<{ gateway: Gateway; upstream: Recorder }>
/** One exchange that goes wrong; `answer` is what the upstream does with each of its connections. */
type Row = Readonly<{
  id: string
  what: string
  answer: (connection: Connection) => void
  attack: (scene: Scene, t: Test) => Promise<void>
}>

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'
const host = 'Host: app.example.com\r\n'
const upgrade =
  'Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'

function upload(target: string, length: number): string {
  return `POST ${target} HTTP/1.1\r\n${host}Content-Length: ${length}\r\n\r\n`
}

/** Answers as soon as the head of a request is there, whatever comes behind it. */
function early(connection: Connection): void {
  let heads = 0
  connection.socket.on('data', () => {
    const count = connection.bytes().split(' HTTP/1.1\r\n').length - 1
    for (; heads < count; heads += 1) connection.send(ok)
  })
}

/** Answers the first request, and hangs up on every other one. */
function once({ socket, send }: Connection): void {
  let requests = 0
  socket.on('data', () => {
    requests += 1
    if (requests === 1) send(ok)
    else socket.destroy()
  })
}

function silent(): void {}

async function otherIsServed({ gateway }: Scene, t: Test): Promise<void> {
  const answer = await gateway.exchange(next('/public/other', 'Connection: close\r\n'))
  t.match(answer, /^HTTP\/1\.1 200 [\s\S]*\r\n\r\nhi$/, 'somebody else is served')
}

function requestsAt(upstream: Recorder, target: string): number {
  return upstream.bytes().split(` ${target} HTTP/1.1\r\n`).length - 1
}

const rows: readonly Row[] = [
  {
    id: 'SX-03',
    what: 'a client that resets its connection amid an upload',
    answer: silent,
    attack: async ({ gateway, upstream }, t) => {
      const client = gateway.client(`${upload('/public/up', 100)}12345`)
      const connection = await upstream.connection(0)
      await connection.sees('12345')
      client.socket.resetAndDestroy()
      await connection.closed
      t.equal(requestsAt(upstream, '/public/up'), 1, 'the request ends too, and is not sent again')
    },
  },
  {
    id: 'SX-03b',
    what: 'a client that closes its side amid a chunk',
    answer: silent,
    attack: async ({ gateway, upstream }, t) => {
      const client = gateway.client(
        `POST /public/up HTTP/1.1\r\n${host}Transfer-Encoding: chunked\r\n\r\n5\r\n123`,
      )
      const connection = await upstream.connection(0)
      await connection.sees('123')
      client.socket.end()
      await connection.closed
      t.notMatch(upstream.bytes(), /\r\n0\r\n\r\n/, 'what is cut off never looks complete')
    },
  },
  {
    id: 'SX-04',
    what: 'an upstream that answers before the body came',
    answer: early,
    attack: async (scene, t) => {
      const { gateway, upstream } = scene
      const body = next('/public/smuggled')
      const client = gateway.client(upload('/public/up', body.length) + body.slice(0, 5))
      await client.sees('\r\n\r\nhi')
      client.send(body.slice(5) + next('/public/after', 'Connection: close\r\n'))
      await client.closed
      t.equal(messagesIn(client.bytes()).messages.length <= 2, true, 'no answer to the body')
      await otherIsServed(scene, t)
      t.ok(requestsAt(upstream, '/public/after') <= 1)
      const own = upstream.connections.filter((connection) =>
        /^GET \/public\/smuggled/m.test(connection.bytes().replace(body, '')),
      )
      t.equal(own.length, 0, 'the body is no request of its own')
    },
  },
  {
    id: 'SX-06',
    what: 'a WebSocket handshake that the upstream answers with a page',
    answer: early,
    attack: async (scene, t) => {
      const answer = await scene.gateway.exchange(next('/public/ws', upgrade))
      t.match(answer, /^HTTP\/1\.1 200 [\s\S]*\r\nConnection: close\r\n\r\nhi$/)
      await otherIsServed(scene, t)
    },
  },
  {
    id: 'SX-06b',
    what: 'bytes behind a handshake that the upstream refuses',
    answer: early,
    attack: async (scene, t) => {
      const answer = await scene.gateway.exchange(next('/public/ws', upgrade) + next('/public/smuggled'))
      t.equal(answer.match(/HTTP\/1\.1 \d+/g)?.length, 1)
      await otherIsServed(scene, t)
      t.equal(requestsAt(scene.upstream, '/public/smuggled'), 0)
    },
  },
  {
    id: 'SX-07',
    what: 'a kept connection that dies under a POST',
    answer: once,
    attack: async (scene, t) => {
      const { gateway, upstream } = scene
      await otherIsServed(scene, t)
      const client = gateway.client(`${upload('/public/order', 2)}hi`)
      t.match(await client.sees(/HTTP\/1\.1 \d+/), /^HTTP\/1\.1 502 /)
      t.equal(requestsAt(upstream, '/public/order'), 1, 'never sent again')
    },
  },
  {
    id: 'SX-08',
    what: '10,000 requests sent ahead',
    answer: silent,
    attack: async ({ gateway, upstream }, t) => {
      const client = gateway.client(next('/public/ahead').repeat(10_000))
      await client.closed
      t.equal(messagesIn(client.bytes()).messages.length, 0)
      t.ok(requestsAt(upstream, '/public/ahead') <= 1, 'one at a time, and not without end')
    },
  },
  {
    id: 'SX-08b',
    what: '1,000 requests sent ahead of a refusal each',
    answer: early,
    attack: async (scene, t) => {
      const client = scene.gateway.client(next('/nothing').repeat(1_000))
      await client.closed
      const { messages } = messagesIn(client.bytes())
      t.ok(messages.every((message) => statusOf(message) === 404))
      await otherIsServed(scene, t)
    },
  },
]

t.test('an exchange that goes wrong is nobody else’s', async (t) => {
  await runFamily(
    t,
    'broken exchanges',
    rows,
    async ({ answer, attack }, t) => {
      const upstream = await startRecorder(answer)
      t.teardown(upstream.close)
      const gateway = await startGateway(t, { ...messageScene, upstream: upstream.origin })
      await attack({ gateway, upstream }, t)
    },
    ({ id, what }) => `${id} ${what}`,
  )
})
