import t from 'tap'
import { ask, headsAt, requestBytes, startScene } from '../support/scene.ts'

// A request with `Connection: close` and anything behind it in the same packet was forwarded, and then answered with
// the 400 that was meant for what stood behind: the client took an order that had been carried out for refused.

t.test('a request that says it is the last one gets its own answer, whatever stands behind it', async (t) => {
  const { gateway, upstream } = await startScene(t, { routes: ['path: /**, access: public'] })
  const behind = ['nonsense', '\r\n\r\n', requestBytes(gateway, 'GET /smuggled'), '\x16\x03\x01']
  const last = requestBytes(gateway, 'POST /order', ['Connection: close', 'Content-Length: 2'], 'hi')
  const older = requestBytes(gateway, 'GET /order', ['A: b']).replace('HTTP/1.1', 'HTTP/1.0')
  for (const bytes of behind) {
    for (const request of [last, older]) {
      const answer = await gateway.exchange(request + bytes)
      t.match(answer, /^HTTP\/1\.1 200 OK\r\n[\s\S]*\r\n\r\nhi$/)
      t.equal(answer.match(/HTTP\/1\.1/g)?.length, 1, 'one answer')
    }
  }
  t.match(await ask(gateway, 'GET /later'), /^HTTP\/1\.1 200 /)
  t.equal(headsAt(upstream).length, 2 * behind.length + 1)
  t.notMatch(upstream.bytes(), /smuggled/)
})
