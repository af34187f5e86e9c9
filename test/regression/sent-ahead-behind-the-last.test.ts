import t from 'tap'
import { startGateway } from '../support/gateway.ts'
import { startRecorder } from '../support/recorder.ts'

// What was sent ahead behind a refusal that ends the connection was forwarded all the same. Its response never got the
// socket, and so the connection to the upstream stayed open for ever, for one anonymous request each.

t.test('nothing behind an answer that ends the connection is begun', async (t) => {
  const upstream = await startRecorder('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello')
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    provider: 'issuer: "http://127.0.0.1:9", client_id: x, client_secret: xxxxxxxxxxxxxxxx',
    upstream: upstream.origin,
    routes: ['path: /public/**, access: public', 'path: /private/**, access: authenticated'],
  })
  const host = `Host: localhost:${gateway.port}`
  const next = `GET /public/next HTTP/1.1\r\n${host}\r\n\r\n`
  const last: [string, RegExp][] = [
    [`GET /public/../x HTTP/1.1\r\n${host}\r\n\r\n`, /^HTTP\/1\.1 400 /],
    [`GET /x HTTP/1.1\r\nHost: a b\r\n\r\n`, /^HTTP\/1\.1 400 /],
    [
      `POST /private/x HTTP/1.1\r\n${host}\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`,
      /^HTTP\/1\.1 401 /,
    ],
  ]
  for (const [request, answer] of last) {
    const answers = await gateway.exchange(request + next)
    t.match(answers, answer)
    t.equal(answers.match(/HTTP\/1\.1 /g)?.length, 1)
  }
  t.equal(upstream.bytes(), '', 'the upstream was not asked')
  const misdirected = `GET /x HTTP/1.1\r\nHost: other.example\r\n\r\n`
  const closing = next.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')
  t.match(
    await gateway.exchange(misdirected + closing),
    /^HTTP\/1\.1 421 [\s\S]*HTTP\/1\.1 200 OK[\s\S]*hello$/,
    'a refusal that leaves the connection open is followed by the next answer',
  )
})
