import t from 'tap'
import { ask, headsAt, requestBytes, startScene } from '../support/scene.ts'

// A request that was refused with the end of the connection, and right behind it, in the same packet, another one:
// that one was still served. Where a front proxy took it for the body of the first, it was nobody's request.

const routes = ['path: /**, access: public', 'path: /closed/**, access: authenticated']
const kept = 'Connection: keep-alive'

t.test('what stands behind a request that ends its connection never reaches the upstream', async (t) => {
  const { gateway, upstream } = await startScene(t, { routes })
  const behind = requestBytes(gateway, 'GET /smuggled', [kept])
  const chunked = [kept, 'Transfer-Encoding: chunked']
  const rows: [first: string, status: number][] = [
    [requestBytes(gateway, 'GET /x', [kept, 'Host: a', 'Host: b']), 400],
    [requestBytes(gateway, 'GET /x', [kept, 'Host: a@b']), 400],
    [`GET /x HTTP/1.1\r\n${kept}\r\n\r\n`, 400],
    [requestBytes(gateway, 'GET /a/../x', [kept]), 400],
    [requestBytes(gateway, 'GET /%', [kept]), 400],
    [requestBytes(gateway, 'POST /x', chunked, '0\r\n\r\n').replace('HTTP/1.1', 'HTTP/1.0'), 400],
    [requestBytes(gateway, 'POST /closed/x', [kept, 'Expect: 100-continue', 'Content-Length: 2'], 'hi'), 401],
    [requestBytes(gateway, 'POST /closed/x', chunked, '2\r\nhi\r\n0\r\n\r\n'), 401],
  ]
  for (const [first, status] of rows) {
    const answer = await gateway.exchange(first + behind + behind)
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), first)
    t.equal(answer.match(/HTTP\/1\.1/g)?.length, 1, 'one answer')
  }
  t.match(await ask(gateway, 'GET /later'), /^HTTP\/1\.1 200 /)
  t.strictSame(
    headsAt(upstream).map(([line]) => line),
    ['GET /later HTTP/1.1'],
  )
})

t.test('what stands before it is served, and in order', async (t) => {
  const { gateway, upstream } = await startScene(t, { routes })
  const good = ['/1', '/2', '/3'].map((path) => requestBytes(gateway, `GET ${path}`, [kept]))
  const bad = requestBytes(gateway, 'GET /a/../x', [kept])
  const answer = await gateway.exchange(good.join('') + bad + good.join(''))
  t.strictSame(answer.match(/HTTP\/1\.1 \d+/g), [...Array(3).fill('HTTP/1.1 200'), 'HTTP/1.1 400'])
  t.strictSame(
    headsAt(upstream).map(([line = '']) => line.split(' ')[1]),
    ['/1', '/2', '/3'],
  )
})
