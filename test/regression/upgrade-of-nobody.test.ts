import t from 'tap'
import { startGateway } from '../support/gateway.ts'
import { startRecorder } from '../support/recorder.ts'

// Node stops reading at an upgrade, so that nobody noticed when such a client went away: its socket and that of the upstream
// stayed open for ever, for one anonymous request each.

t.test('a client that goes away behind an upgrade that was not agreed to is noticed', async (t) => {
  const upstream = await startRecorder('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhello')
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    provider: 'issuer: "http://127.0.0.1:9", client_id: x, client_secret: xxxxxxxxxxxxxxxx',
    upstream: upstream.origin,
    routes: ['path: /**, access: public'],
  })
  for (const [n, offer] of ['h2c', 'websocket'].entries()) {
    const host = `Host: localhost:${gateway.port}`
    const client = gateway.client(
      `GET /endless HTTP/1.1\r\n${host}\r\nConnection: Upgrade\r\nUpgrade: ${offer}\r\n\r\n`,
    )
    await client.sees('hello')
    client.socket.end()
    await (await upstream.connection(n)).closed
    await client.closed
    t.match(client.bytes(), /^HTTP\/1\.1 200 /, offer)
  }
})
