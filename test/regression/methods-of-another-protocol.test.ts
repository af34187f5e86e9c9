import t from 'tap'
import { startScene } from '../support/scene.ts'

// Node's parser takes `DESCRIBE /x RTSP/1.0` for a request, which no route is made for. Fastify answered it before any
// hook had run, with the text of the error that this led to, and nothing was logged.

t.test('a request with a method of another protocol is refused like any other', async (t) => {
  const { gateway, upstream } = await startScene(t, { routes: ['path: /**, access: public'] })
  const host = `Host: ${gateway.origin.slice(7)}\r\n`
  for (const line of ['DESCRIBE /x RTSP/1.0', 'SETUP /x RTSP/1.0', 'PLAY /oauth2/start RTSP/1.0']) {
    const answer = await gateway.exchange(`${line}\r\n${host}\r\n`)
    t.match(answer, /^HTTP\/1\.1 400 [\s\S]*"reason":"method-unknown"/, line)
    t.match(answer, /\r\nconnection: close\r\n/i)
    t.notMatch(answer, /undefined|statusCode/)
  }
  await gateway.logged(/"msg":"PLAY \/oauth2\/start 400"/)
  t.equal(upstream.connections.length, 0)
})
