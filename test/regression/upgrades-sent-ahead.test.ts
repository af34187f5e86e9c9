import t from 'tap'
import { startGateway } from '../support/gateway.ts'
import { startRecorder } from '../support/recorder.ts'

// One anonymous connection ended the process: an upgrade right behind a request that was not answered yet.

t.test('an upgrade behind an unanswered request ends its connection, and nothing else', async (t) => {
  const upstream = await startRecorder()
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    provider: 'issuer: "http://127.0.0.1:9", client_id: x, client_secret: xxxxxxxxxxxxxxxx',
    upstream: upstream.origin,
    routes: ['path: /**, access: public'],
  })
  const host = `Host: localhost:${gateway.port}`
  const first = `GET /slow HTTP/1.1\r\n${host}\r\n\r\n`
  for (const offer of ['websocket', 'h2c']) {
    const upgrade = `GET /next HTTP/1.1\r\n${host}\r\nConnection: Upgrade\r\nUpgrade: ${offer}\r\n\r\n`
    t.equal(await gateway.exchange(first + upgrade), '', offer)
  }
  const refused = `GET /oauth2/nothing HTTP/1.1\r\n${host}\r\nConnection: close\r\n\r\n`
  t.match(await gateway.exchange(refused), /^HTTP\/1\.1 404 /, 'others are served as before')
})
