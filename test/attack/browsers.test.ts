import { readdirSync, readFileSync } from 'node:fs'
import t, { type Test } from 'tap'
import { createBrowser } from '../support/browser.ts'
import { corpus } from '../support/corpus.ts'
import type { Connection } from '../support/recorder.ts'
import {
  ask,
  cookieLine,
  headsAt,
  requestBytes,
  type Scene,
  startSignedIn,
  valuesOf,
} from '../support/scene.ts'
import { type Checks, runAttacks } from './attacks.ts'
import { createForge } from './forge.ts'
import { answerOf, valuesIn } from './wire.ts'

const routes = [
  'path: /**, access: authenticated',
  'path: /admin/**, scopes: [admin]',
  'path: /api/**, scopes: [api.read]',
  'path: /public/**, access: public',
  'path: /shared/**, access: authenticated, cors: { origins: ["https://partner.example"], credentials: true }',
]
const switching =
  'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\n'
const cached =
  'HTTP/1.1 200 OK\r\nCache-Control: public, max-age=600, s-maxage=600\r\nCDN-Cache-Control: max-age=600\r\nSurrogate-Control: max-age=600\r\nCloudflare-CDN-Cache-Control: max-age=600\r\nContent-Length: 2\r\n\r\nhi'
const refusing = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno'
const page = 'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 2\r\n\r\nhi'

let scene: Scene

const checks: Checks = {
  'WS-01': foreignOrigins,
  'WS-02': deniedHandshakes,
  'WS-03': tokenAsProtocol,
  'WS-04': signedOutUnderSocket,
  'WS-05': endedUnderSocket,
  'WS-06': hostileFrames,
  'WS-07': handshakePaths,
  'WS-08': bytesAhead,
  'CR-01': foreignForms,
  'CR-02': siblingForms,
  'CR-03': foreignGet,
  'CR-04': preflights,
  'CR-05': lookAlikes,
  'CR-06': ownEndpoints,
  'CA-01': cacheDeception,
  'CA-02': unkeyedHeaders,
  'CA-03': publicAnswers,
  'CA-04': keptDenials,
  'CA-05': sharedAnswers,
  'CA-06': afterSignOut,
}

/** Agrees to WebSockets but on `/no`; calls everything else public. */
function script(line: string, isUpgrade: boolean): string {
  if (line.includes('/cached')) return cached
  if (!isUpgrade) return page
  return line.includes('/no') ? refusing : switching
}

function answer(connection: Connection): void {
  let seen = 0
  connection.socket.on('data', () => {
    const heads = [...connection.bytes().matchAll(/[A-Z]+ \S+ HTTP\/1\.1\r\n[\s\S]*?\r\n\r\n/g)]
    for (const [head] of heads.slice(seen))
      connection.send(script(head.split('\r\n')[0] as string, /\r\nupgrade: websocket/i.test(head)))
    seen = heads.length
  })
}

t.test('websocket, csrf, cache', async (t) => {
  scene = await startSignedIn(t, { routes, answer, session: 'absolute_lifetime: 1h' })
  await runAttacks(t, 'websocket, csrf, cache', 'browser-attacks.tsv', checks)
})

function handshake(path: string, headers: readonly string[] = [], { gateway } = scene): string {
  const fixed = ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Version: 13']
  return requestBytes(gateway, `GET ${path}`, [
    ...fixed,
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...headers,
  ])
}

/** The answer to a handshake that is refused, and that the upstream heard nothing of it. */
async function refused(t: Test, path: string, headers: readonly string[], status: RegExp): Promise<void> {
  const before = scene.upstream.bytes().length
  const client = scene.gateway.client(handshake(path, headers))
  const bytes = await client.sees('\r\n\r\n')
  client.socket.destroy()
  t.match(bytes, status, `${path} ${headers.filter((header) => !header.startsWith('Cookie'))}`)
  t.equal(scene.upstream.bytes().length, before, 'the upstream is not dialled')
}

/** An open socket of the signed-in user, and its connection at the upstream. */
async function opened(path = '/ws', own = scene): Promise<{ client: Connection; server: Connection }> {
  const { connections } = own.upstream
  const headers = [cookieLine(own), `Origin: ${own.gateway.origin}`]
  const client = own.gateway.client(handshake(path, headers, own))
  await client.sees('\r\n\r\n')
  const server = connections.find((connection) => connection.bytes().includes(`GET ${path} `)) as Connection
  return { client, server }
}

async function foreignOrigins(t: Test): Promise<void> {
  const { gateway } = scene
  const own = gateway.origin
  const origins = [
    'https://evil.test',
    'null',
    '',
    `${own}.evil.test`,
    `${own}@evil.test`,
    own.replace('http:', 'https:'),
    own.replace(/:\d+$/, ''),
    own.replace('localhost', 'sub.localhost'),
    own.replace('localhost', '127.0.0.1'),
    own.toUpperCase(),
    `${own}/`,
    `${own} `.padEnd(60, 'x'),
    `${own}, ${own}`,
    'file://',
    `http://evil.test#${own}`,
  ]
  for (const origin of origins)
    await refused(t, '/ws', [cookieLine(scene), `Origin: ${origin}`], /^HTTP\/1\.1 403 /)
  await refused(t, '/ws', [cookieLine(scene)], /^HTTP\/1\.1 403 /)
  await refused(t, '/ws', [cookieLine(scene), 'Sec-Fetch-Site: same-origin'], /^HTTP\/1\.1 403 /)
  await refused(
    t,
    '/ws',
    [cookieLine(scene), `Origin: ${own}`, 'Origin: https://evil.test', 'Host: evil.test'],
    /^HTTP\/1\.1 4/,
  )
  const { client } = await opened('/ws/own')
  t.match(client.bytes(), /^HTTP\/1\.1 101 /)
  client.socket.destroy()
}

async function deniedHandshakes(t: Test): Promise<void> {
  const own = `Origin: ${scene.gateway.origin}`
  const cookie = cookieLine(scene)
  await refused(t, '/ws', [own], /^HTTP\/1\.1 401 /)
  await refused(t, '/ws', [own, 'Cookie: postern=evil'], /^HTTP\/1\.1 401 /)
  await refused(t, '/ws', [own, 'Authorization: Bearer evil'], /^HTTP\/1\.1 401 /)
  await refused(t, '/admin/ws', [own, cookie], /^HTTP\/1\.1 403 /)
  await refused(
    t,
    '/admin/ws',
    [own, cookie, 'X-Forwarded-Groups: admin', 'X-Original-URL: /public'],
    /^HTTP\/1\.1 403 /,
  )
  await refused(t, '/oauth2/callback?code=x&state=y', [own, cookie], /^HTTP\/1\.1 [34]/)
}

async function tokenAsProtocol(t: Test): Promise<void> {
  const protocols = 'Sec-WebSocket-Protocol: bearer, eyJhbGciOiJub25lIn0.e30., chat'
  await refused(t, '/ws', [`Origin: ${scene.gateway.origin}`, protocols], /^HTTP\/1\.1 401 /)
  const { length } = headsAt(scene.upstream)
  const headers = [`${cookieLine(scene)}; theme=dark`, `Origin: ${scene.gateway.origin}`, protocols]
  const client = scene.gateway.client(handshake('/ws/protocol', headers))
  await client.sees('101')
  const head = headsAt(scene.upstream)[length]
  t.strictSame(valuesOf(head, 'sec-websocket-protocol'), [protocols.slice(24)])
  t.strictSame(valuesOf(head, 'cookie'), ['theme=dark'])
  t.match(valuesOf(head, 'authorization').join('|'), /^Bearer [\w-]{43}$/)
  client.socket.destroy()
}

async function signedOutUnderSocket(t: Test): Promise<void> {
  const browser = createBrowser()
  await browser.navigate(`${scene.gateway.origin}/oauth2/start?rd=/public/x`)
  const { client, server } = await opened('/ws/leaving', { ...scene, browser })
  await browser.fetch(`${scene.gateway.origin}/oauth2/sign_out`, { method: 'POST' })
  t.match(await client.sees('session ended'), '\x88\x0f\x03\xf0session ended')
  client.socket.destroy()
  await server.closed
}

async function endedUnderSocket(t: Test): Promise<void> {
  const own = await startSignedIn(t, {
    routes,
    answer,
    session: 'absolute_lifetime: 1h',
    provider: { accessTokenTtl: 300 },
  })
  const { client } = await opened('/ws/late', own)
  own.gateway.advance(600)
  own.gateway.app.sweep()
  t.notMatch(client.bytes(), 'session ended', 'the token alone')
  own.gateway.advance(3000)
  own.gateway.app.sweep()
  t.match(await client.sees('session ended'), '\x88\x0f\x03\xf0')
}

async function hostileFrames(t: Test): Promise<void> {
  const { client, server } = await opened('/ws/frames')
  const bomb = `\xc2\xfe\x00\x10mask${'\xed\xc1\x01\x01'.repeat(4)}`
  const pieces = [
    '\x02\x80mask',
    '\x00\x80mask'.repeat(100_000),
    bomb,
    '\x89\x80mask'.repeat(1000),
    '\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xffmaskbeginning',
    'the end',
  ]
  for (const piece of pieces) client.send(piece)
  const seen = await server.sees('the end')
  t.equal(seen.slice(seen.indexOf('\r\n\r\n') + 4), pieces.join(''), 'byte for byte')
  t.equal(client.bytes().split('\r\n\r\n')[1], '', 'nothing is answered for the upstream')
  client.socket.destroy()
}

async function handshakePaths(t: Test): Promise<void> {
  const { length } = headsAt(scene.upstream)
  for (const [target = ''] of corpus('paths.tsv')) {
    const client = scene.gateway.client(handshake(Buffer.from(target).toString('latin1')))
    const bytes = await client.sees(/ \d\d\d [\s\S]*\r\n\r\n/).catch(() => '')
    if (bytes.startsWith('HTTP/1.1 101')) client.socket.destroy()
    else await client.closed
  }
  for (const [line = ''] of headsAt(scene.upstream).slice(length)) {
    const [, target = ''] = line.split(' ')
    const readings = [target, decoded(target), decoded(decoded(target))]
    for (const reading of readings) {
      const path = new URL(
        `http://a${reading
          .replace(/[?#].*/, '')
          .replace(/;[^/]*/g, '')
          .replaceAll('\\', '/')}`,
      ).pathname
      t.match(path.replace(/\/+/g, '/').toLowerCase(), /^\/public(?:\/|$)/, target)
    }
  }
}

function decoded(text: string): string {
  return text.replace(/%([\da-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
}

async function bytesAhead(t: Test): Promise<void> {
  const headers = [cookieLine(scene), `Origin: ${scene.gateway.origin}`]
  for (const body of ['Content-Length: 5', 'Transfer-Encoding: chunked']) {
    const before = scene.upstream.bytes().length
    const bytes = await scene.gateway.exchange(`${handshake('/ws', [...headers, body])}hello`)
    t.match(bytes, /^HTTP\/1\.1 (?:400|501|200) /, body)
    t.notMatch(scene.upstream.bytes().slice(before), /upgrade: websocket|hello/i)
  }
  const client = scene.gateway.client(
    `${handshake('/ws/no', headers)}GET /admin/x HTTP/1.1\r\nHost: x\r\n\r\n`,
  )
  await client.closed
  t.match(client.bytes(), /^HTTP\/1\.1 403 /)
  t.notMatch(scene.upstream.bytes(), '/admin/x')
  const early = scene.gateway.client(`${handshake('/ws/early', headers)}\x81\x85maskearly`)
  await early.sees('101')
  const server = scene.upstream.connections.find((one) => one.bytes().includes('/ws/early ')) as Connection
  t.match(await server.sees('maskearly'), /\r\n\r\n\x81\x85maskearly$/)
  early.socket.destroy()
}

const forms = [
  ['application/x-www-form-urlencoded', 'a=1'],
  ['text/plain', '{"a":"=1"}'],
  ['multipart/form-data; boundary=x', '--x--'],
  ['application/json', '{}'],
] as const

/** Sends every kind of form with the session and these headers; what the upstream hears. */
async function submit(t: Test, path: string, headers: readonly string[]): Promise<number> {
  const { length } = headsAt(scene.upstream)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE']) {
    for (const [type, body] of forms) {
      const sent = [cookieLine(scene), `Content-Type: ${type}`, `Content-Length: ${body.length}`, ...headers]
      const { status } = answerOf(await ask(scene.gateway, `${method} ${path}`, sent, body))
      t.ok([200, 403].includes(status), `${status} ${method} ${headers}`)
    }
  }
  return headsAt(scene.upstream).length - length
}

async function foreignForms(t: Test): Promise<void> {
  const evil = 'Origin: https://evil.test'
  for (const headers of [
    [evil],
    ['Origin: null'],
    ['Sec-Fetch-Site: cross-site'],
    [evil, 'Sec-Fetch-Site: same-origin'],
    ['Origin: null', 'Sec-Fetch-Site: cross-site'],
    [evil, 'X-HTTP-Method-Override: GET'],
  ]) {
    for (const path of ['/x', '/shared/x', '/api/x'])
      t.equal(await submit(t, path, headers), 0, `${path} ${headers}`)
  }
  t.equal(await submit(t, '/x', [`Origin: ${scene.gateway.origin}`]), 16, 'our own pages may')
}

async function siblingForms(t: Test): Promise<void> {
  const { origin, port } = scene.gateway
  for (const headers of [
    ['Sec-Fetch-Site: same-site'],
    [`Origin: ${origin.replace('localhost', 'evil.localhost')}`, 'Sec-Fetch-Site: same-site'],
    [`Origin: http://localhost:${port + 1}`, 'Sec-Fetch-Site: same-site'],
    [`Origin: https://localhost:${port}`],
  ]) {
    t.equal(await submit(t, '/x', headers), 0, headers.join())
  }
}

async function foreignGet(t: Test): Promise<void> {
  const headers = [
    'Sec-Fetch-Site: cross-site',
    'Sec-Fetch-Dest: image',
    'Sec-Fetch-Mode: no-cors',
    cookieLine(scene),
  ]
  t.match(await ask(scene.gateway, 'GET /x', headers), /^HTTP\/1\.1 200 /)
  const security = readFileSync(new URL('../../../SECURITY.md', import.meta.url), 'utf8').replace(/\s+/g, ' ')
  t.match(security, /A cross-site GET that an upstream lets change something: GET is safe by definition/)
}

async function preflights(t: Test): Promise<void> {
  const { length } = headsAt(scene.upstream)
  const asked = [
    'Access-Control-Request-Method: POST',
    'Access-Control-Request-Headers: x-csrf, authorization',
  ]
  for (const path of ['/x', '/shared/x', '/api/x', '/oauth2/userinfo', '/oauth2/sign_out', '/oauth2/start']) {
    for (const origin of ['https://evil.test', 'null', 'https://partner.example.evil.test']) {
      const answer = answerOf(await ask(scene.gateway, `OPTIONS ${path}`, [`Origin: ${origin}`, ...asked]))
      t.strictSame(
        answer.headers.filter(([name]) => name.startsWith('access-control-')),
        [],
        `${path} ${origin}`,
      )
      t.ok(answer.status < 300 || answer.status >= 400, 'never a redirect')
    }
  }
  t.equal(headsAt(scene.upstream).length, length)
  const partner = answerOf(
    await ask(scene.gateway, 'OPTIONS /shared/x', ['Origin: https://partner.example', ...asked]),
  )
  t.strictSame(valuesIn(partner, 'access-control-allow-origin'), ['https://partner.example'])
}

async function lookAlikes(t: Test): Promise<void> {
  const origins = [
    'https://evil.test',
    'null',
    '*',
    'https://partner.example.evil.test',
    'https://evilpartner.example',
    'http://partner.example',
    'https://partner.example:8443',
    'https://PARTNER.example',
    'https://partner.example/',
    'https://partner.example@evil.test',
    'https://partner_example',
  ]
  for (const path of [
    '/x',
    '/shared/x',
    '/public/x',
    '/oauth2/userinfo',
    '/oauth2/session',
    '/shared/../x',
  ]) {
    for (const origin of origins) {
      for (const cookie of [[cookieLine(scene)], []]) {
        const answer = answerOf(await ask(scene.gateway, `GET ${path}`, [`Origin: ${origin}`, ...cookie]))
        t.strictSame(
          answer.headers.filter(([name]) => name.startsWith('access-control-allow')),
          [],
          `${path} ${origin}`,
        )
      }
    }
  }
}

async function ownEndpoints(t: Test): Promise<void> {
  const { gateway } = scene
  const cookie = cookieLine(scene)
  for (const headers of [
    ['Origin: https://evil.test'],
    ['Origin: null'],
    ['Sec-Fetch-Site: cross-site'],
    ['Sec-Fetch-Site: same-site'],
  ]) {
    const out = await ask(gateway, 'POST /oauth2/sign_out', [cookie, 'Content-Length: 0', ...headers])
    t.match(out, /^HTTP\/1\.1 403 /, headers.join())
    t.notMatch(out, /set-cookie/i)
  }
  for (const headers of [
    ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Mode: navigate'],
    ['Accept: text/html'],
    ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Mode: no-cors'],
  ]) {
    t.notMatch(await ask(gateway, 'GET /oauth2/sign_out', [cookie, ...headers]), /set-cookie/i)
  }
  for (const path of ['userinfo', 'session']) {
    for (const query of ['', '?callback=alert', '?jsonp=alert', '?format=js']) {
      const answer = answerOf(
        await ask(gateway, `GET /oauth2/${path}${query}`, [
          cookie,
          'Origin: https://evil.test',
          'Accept: */*',
        ]),
      )
      t.match(valuesIn(answer, 'content-type')[0], /^application\/json/)
      t.strictSame(
        [valuesIn(answer, 'x-content-type-options'), valuesIn(answer, 'cross-origin-resource-policy')],
        [['nosniff'], ['same-origin']],
      )
      t.match(answer.body, /^\{/, 'no script')
    }
  }
  t.match(await ask(gateway, 'GET /oauth2/userinfo', [cookie]), /^HTTP\/1\.1 200 /, 'still signed in')
}

async function cacheDeception(t: Test): Promise<void> {
  const suffixes = [
    '/x.css',
    ';x.css',
    '%0a.css',
    '%3fx.css',
    '%23.css',
    '/..%2fx.css',
    '/%2e%2e/x.css',
    '.css',
    '%00.css',
    '%5cx.css',
    '/x.js',
    '/x.jpg?x.css',
    '%3b.css',
    '/;x.css',
    '//x.css',
    '/.css',
    '%20.css',
    '%2fx.css',
  ]
  const targets = ['/cached', '/account']
    .flatMap((page) => suffixes.map((suffix) => page + suffix))
    .concat('/static/..%2faccount', '/public/..%2faccount', '/public/%2e%2e/account', '/public/..;/account')
  for (const target of targets) {
    const answer = answerOf(await ask(scene.gateway, `GET ${target}`, [cookieLine(scene)]))
    const [control = ''] = valuesIn(answer, 'cache-control')
    t.ok([200, 400, 404].includes(answer.status), `${answer.status} ${target.replaceAll('#', '')}`)
    t.match(control, /private|no-store/, target)
    t.notMatch(control, /public|s-maxage/, target)
  }
}

async function unkeyedHeaders(t: Test): Promise<void> {
  const headers = [
    'X-Forwarded-Host',
    'X-Forwarded-Scheme',
    'X-Forwarded-Proto',
    'X-Forwarded-Port',
    'X-Forwarded-Prefix',
    'X-Original-URL',
    'X-Rewrite-URL',
    'X-Host',
    'Forwarded',
    'Accept-Version',
    'Accept-Language',
    'User-Agent',
    'Referer',
    'X-Request-Id',
    'Origin',
    'Via',
    'X-Forwarded-For',
    'True-Client-IP',
  ]
  const poison = headers.map((name) => `${name}: canary-7f3a.evil.test`)
  const targets = [
    '/x',
    '/nothing/../x',
    '/admin/x',
    '/public/x',
    '/oauth2/start',
    '/oauth2/sign_out',
    '/oauth2/signed_out',
    '/oauth2/callback',
    '/oauth2/nothing',
    '/oauth2/userinfo',
    '/oauth2/session',
    '/.well-known/oauth-protected-resource',
  ]
  for (const target of targets) {
    for (const more of [['Accept: text/html'], ['Accept: application/json'], [cookieLine(scene)]]) {
      t.notMatch(await ask(scene.gateway, `GET ${target}`, [...poison, ...more]), /canary-7f3a/, target)
    }
  }
}

async function publicAnswers(t: Test): Promise<void> {
  for (const path of ['/cached', '/api/cached', '/shared/cached']) {
    const answer = answerOf(await ask(scene.gateway, `GET ${path}`, [cookieLine(scene)]))
    t.equal(answer.status, 200)
    const [control = '', ...others] = valuesIn(answer, 'cache-control')
    t.match(control, /\bprivate\b/)
    t.notMatch(control, /public|s-maxage/)
    t.strictSame([others, answer.headers.filter(([name]) => /cdn-cache|surrogate/.test(name))], [[], []])
  }
  const open = answerOf(await ask(scene.gateway, 'GET /public/cached'))
  t.match(valuesIn(open, 'cache-control')[0], /public/, 'what is public stays so')
}

async function keptDenials(t: Test): Promise<void> {
  const cookie = cookieLine(scene)
  const rows: [status: number, line: string, headers: string[]][] = [
    [302, 'GET /x', ['Accept: text/html']],
    [401, 'GET /x', []],
    [401, 'GET /x.css', ['Cookie: postern=evil']],
    [403, 'GET /admin/x', [cookie]],
    [403, 'GET /admin/x', [cookie, 'Accept: text/html']],
    [403, 'POST /x', [cookie, 'Origin: https://evil.test', 'Content-Length: 0']],
    [400, 'GET /a/../x', [cookie]],
    [404, 'GET /oauth2/nothing.css', [cookie]],
    [405, 'TRACE /x', [cookie]],
    [302, 'GET /oauth2/start', []],
    [421, 'GET /x', ['Host: evil.test']],
  ]
  for (const [status, line, headers] of rows) {
    const answer = answerOf(await ask(scene.gateway, line, headers))
    t.equal(answer.status, status, line)
    t.strictSame(valuesIn(answer, 'cache-control'), ['no-store'], line)
  }
}

async function sharedAnswers(t: Test): Promise<void> {
  const forge = await createForge()
  const before = headsAt(scene.upstream).length
  const subjects = ['ann', 'ben', 'cid', 'dot']
  await Promise.all(
    subjects.map((sub) =>
      ask(scene.gateway, 'GET /cached', [`Cookie: ${forge.session({ sub }).join('; ')}`]),
    ),
  )
  await ask(scene.gateway, 'GET /cached', [`Cookie: ${forge.session({ sub: 'ann' }).join('; ')}`])
  const seen = headsAt(scene.upstream)
    .slice(before)
    .flatMap((head) => valuesOf(head, 'x-forwarded-user'))
  t.strictSame(seen.sort(), [...subjects, 'ann'].sort())
  const src = new URL('../../../src/', import.meta.url)
  const sources = readdirSync(src, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => ({ name, text: readFileSync(new URL(name, src), 'utf8') }))
  t.ok(sources.length > 100)
  for (const { name, text } of sources) {
    t.notMatch(text, /\binterceptors\b|\bcacheStores\b/, name)
    // The parser of YAML has a method of that name too.
    if (!text.includes("from 'yaml'")) t.notMatch(text, /\.compose\(/, name)
  }
}

async function afterSignOut(t: Test): Promise<void> {
  const browser = createBrowser()
  await browser.navigate(`${scene.gateway.origin}/oauth2/start?rd=/x`)
  t.equal(browser.history.at(-1)?.headers['cache-control'], 'private, no-store')
  const out = await browser.fetch(`${scene.gateway.origin}/oauth2/sign_out`, { method: 'POST' })
  t.equal(out.headers['clear-site-data'], '"cache"')
  t.equal(out.headers['cache-control'], 'no-store')
}
