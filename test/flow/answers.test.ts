import t from 'tap'
import type { Connection } from '../support/recorder.ts'
import { ask, cookieLine, headsAt, requestBytes, startScene, startSignedIn } from '../support/scene.ts'

/** Answers by path: a head, a stream, a foreign cookie; and whatever is asked for slowly waits. */
function answering(hold: { release?: () => void }) {
  return (connection: Connection): void => {
    let seen = 0
    connection.socket.on('data', () => {
      const heads = connection.bytes().split('\r\n\r\n')
      for (; seen < heads.length - 1; seen += 1) {
        const path = heads[seen]?.match(/[A-Z]+ (\S+) HTTP/)?.[1] ?? ''
        if (path === '/slow') hold.release = () => connection.send(answers['/'] as string)
        else if (path === '/dead') connection.socket.destroy()
        else connection.send(answers[path] ?? (answers['/'] as string))
      }
    })
  }
}

const answers: Record<string, string> = {
  '/': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi',
  '/head': 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n',
  '/304': 'HTTP/1.1 304 Not Modified\r\nETag: "x"\r\n\r\n',
  '/broken': 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n',
  '/204': 'HTTP/1.1 204 No Content\r\n\r\n',
  '/500': 'HTTP/1.1 500 Oops\r\nContent-Length: 0\r\n\r\n',
  '/stream': 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
  '/cookies':
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nCache-Control: public, max-age=60\r\nSet-Cookie: theme=dark\r\n' +
    'Set-Cookie: postern=evil\r\nSet-Cookie: __Host-postern.1=evil\r\nSet-Cookie: POSTERN.login.x=evil\r\n' +
    'Set-Cookie: postern_logins=9\r\n\r\n',
}

t.test('a refreshed session is set on every kind of answer', async (t) => {
  const scene = await startSignedIn(t, { provider: { accessTokenTtl: 300 }, answer: answering({}) })
  const { gateway, upstream } = scene
  const old = cookieLine(scene)
  gateway.advance(301)
  for (const [line, status] of [
    ['GET /', 200],
    ['HEAD /head', 200],
    ['GET /304', 304],
    ['GET /204', 204],
    ['GET /500', 500],
    ['GET /stream', 200],
    ['GET /dead', 502],
    ['POST /204', 204],
  ] as const) {
    const answer = await ask(gateway, line, [old, ...(line.startsWith('POST') ? ['Content-Length: 0'] : [])])
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), line)
    t.match(
      answer,
      /\r\nset-cookie: postern=1\.1\.[\w-]+; Max-Age=\d+; Path=\/; HttpOnly; SameSite=Lax\r\n/i,
      line,
    )
    t.match(answer, /\r\ncache-control: (?:private, )?no-store\r\n/i, line)
  }
  t.notMatch(headsAt(upstream).flat().join('\n'), /postern/i)
})

t.test('an answer that took long brings no session back that is older or over', async (t) => {
  const hold: { release?: () => void } = {}
  const scene = await startSignedIn(t, { provider: { accessTokenTtl: 300 }, answer: answering(hold) })
  const { gateway, upstream, browser } = scene
  for (const over of ['renewed', 'ended']) {
    gateway.advance(100)
    const slow = gateway.client(requestBytes(gateway, 'GET /slow', [cookieLine(scene)]))
    while (!upstream.bytes().includes('/slow')) await new Promise((resolve) => setImmediate(resolve))
    gateway.advance(201)
    if (over === 'renewed') t.equal((await browser.fetch(`${gateway.origin}/`)).setCookies.length, 1)
    else await browser.fetch(`${gateway.origin}/oauth2/sign_out`, { method: 'POST' })
    while (hold.release === undefined) await new Promise((resolve) => setImmediate(resolve))
    hold.release()
    await slow.closed
    t.match(slow.bytes(), /^HTTP\/1\.1 200 /)
    t.notMatch(slow.bytes(), /set-cookie/i, over)
    hold.release = undefined as never
    for (const connection of upstream.connections) connection.socket.destroy()
    upstream.connections.length = 0
  }
})

t.test('an upstream cannot set or clear cookies of ours, and what it answers is private', async (t) => {
  const scene = await startSignedIn(t, {
    answer: answering({}),
    routes: ['path: /**, access: authenticated', 'path: /cookies, access: public'],
  })
  const { gateway } = scene
  const shared = await ask(gateway, 'GET /cookies', [cookieLine(scene)])
  t.strictSame(shared.match(/set-cookie: .*/gi), ['Set-Cookie: theme=dark'])
  t.match(shared, /\r\ncache-control: public, max-age=60\r\n/i)
  await gateway.restart({ routes: ['path: /**, access: authenticated'] })
  t.match(
    await ask(gateway, 'GET /cookies', [cookieLine(scene)]),
    /\r\ncache-control: private, max-age=60\r\n/i,
  )
})

t.test('an upstream that gives no answer is told by cause, never by its text', async (t) => {
  const scene = await startSignedIn(t, {
    answer: answering({}),
    upstreams: (origin) =>
      `{ web: { url: "${origin}" }, gone: { url: "http://127.0.0.1:1" }, slow: { url: "${origin}", timeouts: { headers: 50ms } } }`,
    routes: [
      'path: /**, access: authenticated, upstream: web',
      'path: /gone, access: authenticated, upstream: gone',
      'path: /slow, access: authenticated, upstream: slow',
    ],
  })
  const { gateway, browser } = scene
  for (const [path, status, reason] of [
    ['/gone', 502, 'upstream-unreachable'],
    ['/dead', 502, 'upstream-unreachable'],
    ['/broken', 502, 'upstream-invalid'],
    ['/slow', 504, 'upstream-timeout'],
  ] as const) {
    const api = await browser.fetch(gateway.origin + path)
    t.match(api.json(), { status, reason, request_id: /-/ })
    const page = await browser.navigate(gateway.origin + path)
    t.equal(page.status, status)
    t.match(page.body, `href="${gateway.origin}${path}"`, 'with a way to try again')
    t.notMatch(page.body + api.body, /127\.0\.0\.1|ECONN|UND_ERR/)
    await gateway.logged(new RegExp(`"path":"${path}","status":${status}.*"reason":"${reason}"`))
  }
})

t.test('an answer that breaks off is cut off, and logged', async (t) => {
  const half = 'HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf'
  const scene = await startScene(t, {
    answer: (connection) => connection.socket.on('data', () => connection.socket.end(half)),
    routes: ['path: /**, access: public'],
  })
  const answer = await ask(scene.gateway, 'GET /x', ['Connection: keep-alive'])
  t.match(answer, /^HTTP\/1\.1 200 [\s\S]*half$/)
  await scene.gateway.logged(/"level":40,.*POSTERN_UPSTREAM_/)
})
