import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import t, { type Test } from 'tap'
import { createListener } from '../../src/listener/listener.ts'
import { upgradeResponse } from '../../src/proxy/upgrade.ts'
import { isWebSocket } from '../../src/proxy/web-socket.ts'
import { record } from '../support/recorder.ts'

const request = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'

/** A listener that answers everything, by a clock of the test, and clients whose connections are kept after the first answer. */
async function setUp(t: Test) {
  const time = { now: 0, asked: () => {} }
  const listener = createListener(
    {
      handle: (_request, response) => response.end('hi'),
      unreadable: {
        refuseBytes: (_error, socket) => void socket.destroy(),
        refuseRequest: (_error, response) => void response.destroy(),
      },
      limits: {
        maxHeaderBytes: 49_152,
        headersTimeout: 5_000,
        keepAliveTimeout: 60_000,
        sendTimeout: 'none',
        requestTimeout: 'none',
        maxRequestsPerConnection: 'none',
        maxConnections: 'none',
      },
      tls: undefined,
    },
    {
      isWebSocket,
      upgradeResponse,
      elapsed: () => {
        time.asked()
        return time.now
      },
    },
  )
  await listener.listen({ host: '127.0.0.1', port: 0 })
  const { port } = listener.server.address() as AddressInfo
  const open = async () => {
    const socket = connect(port, '127.0.0.1')
    t.teardown(() => socket.destroy())
    await once(socket, 'connect')
    const client = record(socket)
    client.send(request)
    await client.sees('hi')
    return client
  }
  /** Resolves when the listener has looked at the clock so many times more. */
  const looks = (count: number) =>
    new Promise<void>((resolve) => {
      let left = count
      time.asked = () => {
        left -= 1
        if (left === 0) resolve()
      }
    })
  return { listener, open, time, looks }
}

t.test('where notice was given, an idle connection may send one more request, its last', async (t) => {
  const { listener, open } = await setUp(t)
  const client = await open()
  const closed = listener.close(1_000)
  client.send(request)
  await closed
  await client.closed
  t.match(client.bytes(), /hi[\s\S]*Connection: close[\s\S]*hi$/)
})

t.test('idle connections are kept as long as others still send, and not longer', async (t) => {
  const { listener, open, time, looks } = await setUp(t)
  const [one, other, idle] = [await open(), await open(), await open()]
  const closed = listener.close(1_000)
  time.now = 900
  one.send(request)
  await one.closed
  time.now = 1_800
  await looks(2)
  other.send(request)
  await other.closed
  t.match(other.bytes(), /Connection: close/)
  time.now = 2_800
  await idle.closed
  await closed
  t.notMatch(idle.bytes(), /Connection: close/)
})

t.test('where none was given, they are ended at once', async (t) => {
  const { listener, open } = await setUp(t)
  const client = await open()
  await listener.close()
  await client.closed
  t.notMatch(client.bytes(), /Connection: close/)
})
