import t from 'tap'
import { ask, cookieLine, headsAt, requestBytes, startScene, startSignedIn } from '../support/scene.ts'

const open = { routes: ['path: /**, access: public', 'path: /closed/**, access: authenticated'] }
const ended = 'Connection: keep-alive'

t.test('a denied upload gets no 100, is not read, and ends the connection', async (t) => {
  const { gateway, upstream } = await startScene(t, open)
  for (const length of ['Content-Length: 10', 'Content-Length: 1000000000', 'Transfer-Encoding: chunked']) {
    const answer = await ask(gateway, 'POST /closed/x', [ended, 'Expect: 100-continue', length])
    t.match(answer, /^HTTP\/1\.1 401 /, length)
    t.match(answer, /\r\nconnection: close\r\n/i)
  }
  for (const length of ['Content-Length: 1000000000', 'Transfer-Encoding: chunked']) {
    const answer = await ask(gateway, 'POST /closed/x', [ended, length])
    t.match(
      answer,
      /^HTTP\/1\.1 401 [\s\S]*\r\nconnection: close\r\n/i,
      'at once, without waiting for the body',
    )
  }
  t.equal(upstream.connections.length, 0)
})

t.test('an admitted upload gets the 100, then the answer', async (t) => {
  const { gateway, upstream } = await startScene(t, open)
  const client = gateway.client(
    requestBytes(gateway, 'POST /x', ['Expect: 100-continue', 'Content-Length: 4']),
  )
  await client.sees('HTTP/1.1 100 Continue\r\n\r\n')
  client.send('body')
  await client.sees('HTTP/1.1 200 OK')
  t.match(upstream.bytes(), /\r\n\r\nbody$/)
  t.notMatch(upstream.bytes(), /expect/i)
})

t.test('a short denied body is read, and the connection serves the next request', async (t) => {
  const { gateway } = await startScene(t, open)
  const first = requestBytes(gateway, 'POST /closed/x', [ended, 'Content-Length: 4'], 'body')
  const answer = await gateway.exchange(first + requestBytes(gateway, 'GET /x'))
  t.match(answer, /^HTTP\/1\.1 401 [\s\S]*\}HTTP\/1\.1 200 /)
})

t.test('pipelined requests are judged one by one and answered in order', async (t) => {
  const scene = await startSignedIn(t, open)
  const { gateway, upstream } = scene
  const requests = [
    requestBytes(gateway, 'GET /closed/1', [ended, cookieLine(scene)]),
    requestBytes(gateway, 'GET /closed/2', [ended]),
    requestBytes(gateway, 'GET /nothing/../3', [cookieLine(scene)]),
  ]
  const answer = await gateway.exchange(requests.join(''))
  t.strictSame(
    answer.match(/HTTP\/1\.1 \d+/g),
    ['HTTP/1.1 200', 'HTTP/1.1 401', 'HTTP/1.1 400'],
    'the session of one request says nothing about the next',
  )
  t.equal(headsAt(upstream).at(-1)?.[0], 'GET /closed/1 HTTP/1.1')
})

t.test('HTTP/1.0 is served, with a Host', async (t) => {
  const { gateway } = await startScene(t, open)
  const host = `Host: ${gateway.origin.slice(7)}`
  t.match(await gateway.exchange(`GET /x HTTP/1.0\r\n${host}\r\n\r\n`), /^HTTP\/1\.1 200 /)
  t.match(await gateway.exchange('GET /x HTTP/1.0\r\n\r\n'), /^HTTP\/1\.1 400 [\s\S]*"host-missing"/)
  const chunked = 'Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n'
  t.match(await gateway.exchange(`POST /x HTTP/1.0\r\n${host}\r\n${chunked}`), /^HTTP\/1\.1 400 /)
})

t.test('another upgrade than a WebSocket is ignored, and refused with a body', async (t) => {
  const { gateway, upstream } = await startScene(t, open)
  const h2c = ['Connection: Upgrade, HTTP2-Settings', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__']
  const plain = await ask(gateway, 'GET /x', h2c)
  t.match(plain, /^HTTP\/1\.1 200 /)
  t.notMatch(upstream.bytes(), /upgrade|settings/i)
  const { length } = headsAt(upstream)
  t.match(await ask(gateway, 'POST /x', [...h2c, 'Content-Length: 4'], 'body'), /^HTTP\/1\.1 400 /)
  t.match(
    await ask(gateway, 'POST /x', [...h2c, 'Transfer-Encoding: chunked'], '0\r\n\r\n'),
    /^HTTP\/1\.1 400 /,
  )
  t.match(await ask(gateway, 'GET /x', h2c, 'PRI * HTTP/2.0'), /^HTTP\/1\.1 400 /)
  t.match(await ask(gateway, 'GET /closed/x', h2c), /^HTTP\/1\.1 401 [\s\S]*connection: close/i)
  t.equal(headsAt(upstream).length, length)
})

t.test('what is no request gets an answer that says so, and the end', async (t) => {
  const { gateway, upstream } = await startScene(t, open)
  const host = `Host: ${gateway.origin.slice(7)}\r\n`
  const rows: [bytes: string, answer: RegExp][] = [
    ['nonsense\r\n\r\n', /^HTTP\/1\.1 400 Bad Request\r\n[\s\S]*"reason":"message-malformed"/],
    [`GET /x HTTP/1.1\r\n${host}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`, /^HTTP\/1\.1 400 /],
    [
      `POST /x HTTP/1.1\r\n${host}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      /^HTTP\/1\.1 400 /,
    ],
    [
      `POST /x HTTP/1.1\r\n${host}Transfer-Encoding: gzip, chunked\r\n\r\n`,
      /^HTTP\/1\.1 400 [\s\S]*"transfer-encoding"/,
    ],
    [`GET /x HTTP/1.1\r\n${host}${'A: b\r\n'.repeat(300)}\r\n`, /^HTTP\/1\.1 400 [\s\S]*"too-many-headers"/],
    [`GET /x HTTP/1.1\r\n${host}Bad Name: x\r\n\r\n`, /^HTTP\/1\.1 400 /],
    [
      `GET /x HTTP/1.1\r\n${host}Cookie: ${'x'.repeat(60_000)}\r\n\r\n`,
      /^HTTP\/1\.1 431 Request Header Fields Too Large\r\n[\s\S]*text\/html[\s\S]*<h1>/,
    ],
  ]
  for (const [bytes, answer] of rows) {
    const got = await gateway.exchange(bytes)
    t.match(got, answer)
    t.match(got, /\r\nconnection: close\r\n/i)
  }
  t.equal(upstream.connections.length, 0)
})

t.test('headers that do not come get a 408', async (t) => {
  const { gateway } = await startScene(t, { ...open, server: 'timeouts: { headers: 100ms }' })
  t.match(await gateway.exchange('GET /x HTTP/1.1\r\nHost: '), /^HTTP\/1\.1 408 [\s\S]*"request-timeout"/)
})

t.test('garbage behind an answered request just ends the connection', async (t) => {
  const { gateway } = await startScene(t, open)
  const client = gateway.client(requestBytes(gateway, 'GET /x', [ended]))
  await client.sees('\r\n\r\nhi')
  client.send('nonsense\r\n\r\n')
  await client.closed
  t.equal(client.bytes().match(/HTTP\/1\.1/g)?.length, 1)
})

t.test('a client that resets its connection disturbs nobody', async (t) => {
  const { gateway } = await startScene(t, open)
  const client = gateway.client('GET /x HTT')
  await new Promise((resolve) => client.socket.once('connect', resolve))
  client.socket.resetAndDestroy()
  t.match(await ask(gateway, 'GET /x'), /^HTTP\/1\.1 200 /)
})

t.test('a target that the router cannot read is refused like any other', async (t) => {
  const { gateway, upstream } = await startScene(t, open)
  for (const target of ['/%', '/x%2', '/%ff', '/oauth2/%']) {
    t.match(await ask(gateway, `GET ${target}`), /^HTTP\/1\.1 400 [\s\S]*"target-not-canonical"/, target)
  }
  t.match(await ask(gateway, 'GET /%', ['Host: evil.test']), /^HTTP\/1\.1 400 /)
  t.equal(upstream.connections.length, 0)
})
