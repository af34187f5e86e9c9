import { once } from 'node:events'
import { connect } from 'node:net'
import { SignJWT } from 'jose'
import t, { type Test } from 'tap'
import { WebSocket } from 'ws'
import { createDemoUpstream } from '../../src/demo/upstream.ts'

async function start(t: Test): Promise<string> {
  const upstream = createDemoUpstream({ tickMs: 5 })
  t.teardown(() => upstream.close())
  return upstream.listen(0)
}

async function page(url: string, init?: RequestInit): Promise<string> {
  const response = await fetch(url, init)
  t.equal(response.headers.get('content-type'), 'text/html; charset=utf-8')
  return response.text()
}

function jwt(claims: Record<string, unknown>): Promise<string> {
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256' }).sign(Buffer.alloc(32))
}

t.test('JSON shows the request as it arrived, headers in order and spelling', async (t) => {
  const { hostname, port } = new URL(await start(t))
  const socket = connect(Number(port), hostname)
  socket.end(
    'POST /api/x?a=%41&b HTTP/1.1\r\nHOST: h\r\nX-a: 1\r\nx-A: 2\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody',
  )
  const answer = Buffer.concat(await socket.toArray()).toString()
  t.strictSame(JSON.parse(answer.slice(answer.indexOf('{'), answer.lastIndexOf('}') + 1)), {
    method: 'POST',
    target: '/api/x?a=%41&b',
    headers: [
      ['HOST', 'h'],
      ['X-a', '1'],
      ['x-A', '2'],
      ['Content-Length', '4'],
      ['Connection', 'close'],
    ],
    body: 'body',
  })
})

t.test('a JWT access token is opened, with a mark that tells it from the next', async (t) => {
  const url = await start(t)
  const mark = async (token: string) => {
    const response = await fetch(`${url}/api/me`, { headers: { authorization: `Bearer ${token}` } })
    return ((await response.json()) as { token: { mark: string; claims?: object } }).token
  }
  const [one, two] = [await mark(await jwt({ sub: 'alice', exp: 1 })), await mark(await jwt({ sub: 'bob' }))]
  t.match(one, { mark: /^[0-9a-f]{8}$/, claims: { sub: 'alice', exp: 1 } })
  t.not(one.mark, two.mark)
  t.strictSame(Object.keys(await mark('opaque')), ['mark'])
})

t.test('the page names the user, counts the token down and escapes whatever came', async (t) => {
  const url = await start(t)
  const authorization = `Bearer ${await jwt({ sub: '<b>', exp: 4102444800 })}`
  const text = await page(`${url}/account?<i>`, {
    method: 'POST',
    body: '<script>alert(1)</script>',
    headers: { authorization, 'x-forwarded-preferred-username': 'al<ice' },
  })
  t.match(text, 'data-exp="4102444800"')
  t.match(text, 'signed in as <bdi>al&lt;ice</bdi>')
  t.match(text, '&lt;script&gt;alert(1)&lt;/script&gt;')
  t.notMatch(text, '<script>alert')
  t.match(text, '<a href="/account" aria-current="page">')
})

t.test('without a token and a user the page says so', async (t) => {
  const text = await page(`${await start(t)}/`)
  t.match(text, 'not signed in')
  t.match(text, 'none came with this request')
})

t.test('an opaque token is present but not opened; the id stands in for the name', async (t) => {
  const headers = { authorization: 'Bearer opaque', 'x-forwarded-user': 'u-1' }
  const text = await page(`${await start(t)}/orders`, { headers })
  t.match(text, '>present</div>')
  t.match(text, '<bdi>u-1</bdi>')
  t.match(text, '<form class="row" method="post" action="/orders">')
})

t.test('the event stream ticks', async (t) => {
  const response = await fetch(`${await start(t)}/events`)
  t.equal(response.headers.get('content-type'), 'text/event-stream')
  let text = ''
  for await (const chunk of response.body as ReadableStream<Uint8Array>) {
    text += Buffer.from(chunk).toString()
    if (text.includes('tick 3')) break
  }
  t.match(text, /^data: tick 1\n\ndata: tick 2\n\ndata: tick 3\n\n/)
})

t.test('the WebSocket echoes text and bytes, and survives a broken frame', async (t) => {
  const url = (await start(t)).replace('http', 'ws')
  const socket = new WebSocket(`${url}/ws`)
  await once(socket, 'open')
  socket.send('hello')
  t.strictSame((await once(socket, 'message')).map(String), ['hello', 'false'])
  socket.send(Buffer.from([1, 2]))
  t.strictSame(await once(socket, 'message'), [Buffer.from([1, 2]), true])
  socket.send(Buffer.alloc(65 * 1024))
  await once(socket, 'close')
  const next = new WebSocket(`${url}/ws`)
  await once(next, 'open')
})

t.test('a client that goes away in the middle of its body does no harm', async (t) => {
  const url = await start(t)
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.write('POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\nExpect: 100-continue\r\n\r\n')
  await once(socket, 'data')
  socket.resetAndDestroy()
  await once(socket, 'close')
  t.equal((await fetch(url)).status, 200)
})

t.test('it can be closed before it ever listened, and says when its port is taken', async (t) => {
  const port = Number(new URL(await start(t)).port)
  const other = createDemoUpstream()
  await t.rejects(other.listen(port), /EADDRINUSE/)
  await other.close()
})
