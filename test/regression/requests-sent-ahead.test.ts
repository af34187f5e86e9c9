import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { startGateway } from '../support/gateway.ts'
import { startRecorder } from '../support/recorder.ts'

// One client connection with hundreds of requests sent ahead opened as many connections to a slow upstream.

t.test('requests sent ahead on one connection reach the upstream one at a time, and in order', async (t) => {
  let underWay = 0
  let most = 0
  const upstream = await startRecorder((connection) => {
    connection.socket.on('data', async (head: Buffer) => {
      underWay += 1
      most = Math.max(most, underWay)
      for (let turns = 0; turns < 20; turns += 1) await nextTurn()
      underWay -= 1
      const path = /^GET (\S+)/.exec(head.toString())?.[1] as string
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${path.length}\r\n\r\n${path}`)
    })
  })
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    provider: 'issuer: "http://127.0.0.1:9", client_id: x, client_secret: xxxxxxxxxxxxxxxx',
    upstream: upstream.origin,
    routes: ['path: /**, access: public'],
  })
  const paths = Array.from({ length: 20 }, (_, n) => `/page-${n}`)
  const client = gateway.client(
    paths.map((path) => `GET ${path} HTTP/1.1\r\nHost: localhost:${gateway.port}\r\n\r\n`).join(''),
  )
  const answers = await client.sees(paths.at(-1) as string)
  t.strictSame(answers.match(/\/page-\d+/g), paths)
  t.equal(most, 1)
})
