import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { WebSocket, WebSocketServer } from 'ws'
import { createLiveStreams } from '../../src/proxy/live-streams.ts'
import { startGate, upstreamConfig } from '../support/gate.ts'
import { startRecorder } from '../support/recorder.ts'

type Plan = Parameters<typeof startGate>[2]

const handshake =
  'GET /chat?room=1 HTTP/1.1\r\nHost: public.example\r\nConnection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n' +
  'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\n' +
  'Origin: https://app.example.com\r\nCookie: postern=x; a=1\r\n\r\n'

const agreed =
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
  'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\nSet-Cookie: postern=evil\r\n\r\n'

const setUp = async (t: Test, plan: Plan = {}) => {
  const recorder = await startRecorder()
  t.teardown(recorder.close)
  const gate = await startGate(t, upstreamConfig(recorder.origin), plan)
  return { recorder, gate }
}

const open = async (t: Test, plan: Plan = {}) => {
  const { recorder, gate } = await setUp(t, plan)
  const client = gate.client(handshake)
  const upstream = await recorder.connection(0)
  await upstream.sees('\r\n\r\n')
  upstream.send(agreed)
  await client.sees('\r\n\r\n')
  return { recorder, gate, client, upstream }
}

const live = () => {
  const streams = createLiveStreams()
  return { streams, plan: { live: { streams, sessionId: 's', endsAt: 100 } } }
}

/** A real WebSocket server that echoes, and the gate in front of it. */
const startEcho = async (t: Test, plan: Plan = {}) => {
  const server = createServer()
  const sockets = new WebSocketServer({
    server,
    perMessageDeflate: { threshold: 0 },
    handleProtocols: () => 'chat',
  })
  sockets.on('connection', (socket) =>
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary })),
  )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    for (const socket of sockets.clients) socket.terminate()
    server.close()
  })
  return startGate(t, upstreamConfig(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), plan)
}

const once = (socket: WebSocket, event: string): Promise<unknown[]> =>
  new Promise((resolve) => socket.once(event, (...args) => resolve(args)))

t.test('the upstream is asked first, and only then the client is told', async (t) => {
  const { recorder, gate } = await setUp(t, {
    setCookies: () => ['postern=new'],
    facts: { bearer: 'token', identity: [['X-Forwarded-User', 'alice']] },
  })
  const client = gate.client(handshake)
  const upstream = await recorder.connection(0)
  t.equal(
    await upstream.sees('\r\n\r\n'),
    'GET /chat?room=1 HTTP/1.1\r\nhost: app.example.com\r\nconnection: upgrade\r\nupgrade: websocket\r\n' +
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: chat\r\n' +
      'Origin: https://app.example.com\r\nCookie: a=1\r\n' +
      'X-Forwarded-Proto: https\r\nX-Forwarded-Host: app.example.com\r\nX-Forwarded-For: 192.0.2.7\r\n' +
      'X-Real-IP: 192.0.2.7\r\nX-Forwarded-User: alice\r\nAuthorization: Bearer token\r\n\r\n',
  )
  t.equal(client.bytes(), '')
  upstream.send(agreed)
  t.equal(
    await client.sees('\r\n\r\n'),
    'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n' +
      'Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\nSec-WebSocket-Protocol: chat\r\n' +
      'Cache-Control: private, no-store\r\nSet-Cookie: postern=new\r\n\r\n',
  )
})

t.test('a tunnel keeps nothing of the headers of its request, which may be kilobytes', async (t) => {
  const requests: IncomingMessage[] = []
  await open(t, (req) => {
    requests.push(req)
    return {}
  })
  t.strictSame(
    requests.map(({ headers, rawHeaders }) => ({ headers, rawHeaders })),
    [{ headers: { host: 'public.example' }, rawHeaders: [] }],
  )
})

t.test('bytes the client sent early are held back until the upstream has agreed', async (t) => {
  const { recorder, gate } = await setUp(t)
  const client = gate.client(`${handshake}GET /smuggled HTTP/1.1\r\n\r\n`)
  const upstream = await recorder.connection(0)
  t.notMatch(await upstream.sees('\r\n\r\n'), /smuggled/)
  upstream.send(agreed)
  await client.sees('\r\n\r\n')
  t.match(await upstream.sees('smuggled'), /\r\n\r\nGET \/smuggled HTTP\/1\.1/)
})

t.test('bytes the upstream sends with its agreement reach the client', async (t) => {
  const { recorder, gate } = await setUp(t)
  const client = gate.client(handshake)
  const upstream = await recorder.connection(0)
  await upstream.sees('\r\n\r\n')
  upstream.send(`${agreed}\x81\x02hi`)
  t.ok((await client.sees('hi')).endsWith('\r\n\r\n\x81\x02hi'))
})

t.test('bytes pass both ways untouched', async (t) => {
  const { client, upstream } = await open(t)
  client.send('\x81\x85\x01\x02\x03\x04any bytes')
  await upstream.sees('\x81\x85\x01\x02\x03\x04any bytes')
  upstream.send('\x81\x05hello')
  await client.sees('\x81\x05hello')
})

t.test('an upstream that ends, ends the client, and the other way round', async (t) => {
  const first = await open(t)
  first.upstream.socket.end(Buffer.from('\x88\0', 'latin1'))
  await first.client.closed
  t.ok(first.client.bytes().endsWith('\x88\0'))
  await first.upstream.closed

  const second = await open(t)
  second.client.socket.destroy()
  await second.upstream.closed
})

t.test('a client that has said all it wants to still hears the upstream out', async (t) => {
  const { client, upstream } = await open(t)
  const ended = new Promise((resolve) => upstream.socket.once('end', resolve))
  client.socket.end(Buffer.from('\x88\x80\x01\x02\x03\x04', 'latin1'))
  await ended
  await client.closed
  await upstream.closed
  t.ok(upstream.bytes().endsWith('\x88\x80\x01\x02\x03\x04'))
})

t.test('an answer other than 101 is passed on, and the connection closed', async (t) => {
  const { recorder, gate } = await setUp(t, { setCookies: () => ['postern=new'] })
  const client = gate.client(handshake)
  const upstream = await recorder.connection(0)
  await upstream.sees('\r\n\r\n')
  upstream.send('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\nX-Why: no\r\n\r\nno')
  await client.closed
  const answer = client.bytes()
  t.match(answer, /^HTTP\/1\.1 403 Forbidden\r\nContent-Length: 2\r\nX-Why: no\r\n/)
  t.match(answer, /\r\nSet-Cookie: postern=new\r\n/)
  t.match(answer, /\r\nConnection: close\r\n\r\nno$/)
  await upstream.closed
})

t.test('a switch to anything else is no tunnel', async (t) => {
  for (const switched of [agreed.replace('websocket', 'h2c'), agreed.replace('Upgrade: websocket\r\n', '')]) {
    const { recorder, gate } = await setUp(t)
    const client = gate.client(handshake)
    const upstream = await recorder.connection(0)
    await upstream.sees('\r\n\r\n')
    upstream.send(switched)
    await client.closed
    t.match(client.bytes(), /^HTTP\/1\.1 502 Bad Gateway\r\n[\s\S]*POSTERN_UPSTREAM_INVALID$/)
    await upstream.closed
  }
})

t.test('an upstream that is not there is told to the caller, who answers', async (t) => {
  const gate = await startGate(t, upstreamConfig('http://127.0.0.1:1'))
  t.match(
    await gate.exchange(handshake),
    /^HTTP\/1\.1 502 Bad Gateway\r\n[\s\S]*POSTERN_UPSTREAM_UNREACHABLE$/,
  )
})

t.test('a client that goes away during the handshake takes it along', async (t) => {
  const { recorder, gate } = await setUp(t)
  const client = gate.client(handshake)
  const upstream = await recorder.connection(0)
  await upstream.sees('\r\n\r\n')
  client.socket.resetAndDestroy()
  await upstream.closed
  t.same(gate.failures, [])
})

t.test('a handshake that is not one for a WebSocket is an ordinary request', async (t) => {
  for (const change of [
    (text: string) => text.replace('GET', 'POST'),
    (text: string) => text.replace('Upgrade: WebSocket', 'Upgrade: websocket, h2c'),
  ]) {
    const { recorder, gate } = await setUp(t)
    const client = gate.client(change(handshake))
    const upstream = await recorder.connection(0)
    t.notMatch(await upstream.sees('\r\n\r\n'), /upgrade: /i)
    upstream.send('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
    await client.closed
    t.match(client.bytes(), /^HTTP\/1\.1 200 OK\r\n/)
  }
})

t.test('a handshake with a body is never forwarded with it', async (t) => {
  const { recorder, gate } = await setUp(t)
  const client = gate.client(`${handshake.replace('Origin', 'Content-Length: 5\r\nOrigin')}hello`)
  await client.closed
  t.notMatch(recorder.bytes(), /hello/)
})

t.test('real WebSockets talk through the gate, with subprotocol, compression and a cookie', async (t) => {
  const gate = await startEcho(t, { setCookies: () => ['postern=new; Path=/'] })
  const socket = new WebSocket(`ws://127.0.0.1:${gate.port}/chat`, ['chat', 'other'], {
    perMessageDeflate: { threshold: 0 },
  })
  const cookies = new Promise((resolve) =>
    socket.once('upgrade', (res) => resolve(res.headers['set-cookie'])),
  )
  await once(socket, 'open')
  t.equal(socket.protocol, 'chat')
  t.match(socket.extensions, /permessage-deflate/)
  t.same(await cookies, ['postern=new; Path=/'])
  for (const text of ['hello', '', 'x'.repeat(200_000)]) {
    const echoed = once(socket, 'message')
    socket.send(text)
    t.equal(String((await echoed)[0]), text)
  }
  const binary = once(socket, 'message')
  socket.send(Buffer.alloc(1_000_000, 7))
  t.equal(((await binary)[0] as Buffer).length, 1_000_000)
  const closed = once(socket, 'close')
  socket.close(1000, 'bye')
  t.match(String(await closed), /^1000,bye/)
})

t.test('a WebSocket whose session ends is closed with 1008', async (t) => {
  const { streams, plan } = live()
  const gate = await startEcho(t, plan)
  const socket = new WebSocket(`ws://127.0.0.1:${gate.port}/chat`, ['chat'])
  await once(socket, 'open')
  const echoed = once(socket, 'message')
  socket.send('hello')
  await echoed
  const closed = once(socket, 'close')
  streams.end('s')
  t.match(String(await closed), /^1008,session ended/)
})

t.test('a session that ends amid a frame lets that frame through first', async (t) => {
  const { streams, plan } = live()
  const { client, upstream } = await open(t, plan)
  upstream.send('\x81\x0afirst')
  await client.sees('first')
  streams.sweep(100)
  upstream.send(' last\x81\x04more')
  await client.sees('session ended')
  t.ok(client.bytes().endsWith('first last\x88\x0f\x03\xf0session ended'))
  await upstream.closed
})

t.test('a tunnel that ended by itself is no longer listed', async (t) => {
  const { streams, plan } = live()
  const { client, upstream } = await open(t, plan)
  const before = client.bytes()
  upstream.socket.destroy()
  await client.closed
  streams.closeAll()
  t.equal(client.bytes(), before)
})

t.test(
  'a WebSocket whose client stops reading is closed after the time to send, and no longer listed',
  async (t) => {
    const { streams, plan } = live()
    const { client, upstream } = await open(t, { ...plan, sendTimeoutMs: 100 })
    client.socket.pause()
    const flood = (): void => {
      while (upstream.socket.write(Buffer.alloc(256 * 1024)));
    }
    upstream.socket.on('drain', flood)
    flood()
    await upstream.closed
    client.socket.resume()
    await client.closed
    streams.closeAll()
    t.notMatch(client.bytes(), /going away/)
  },
)
