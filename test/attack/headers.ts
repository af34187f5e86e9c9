import t, { type Test } from 'tap'
import { corpus } from '../support/corpus.ts'
import { cookieLine, headsAt, type Scene, startSignedIn } from '../support/scene.ts'
import type { Ask, Delivery } from './delivery.ts'
import { runFamily } from './family.ts'
import { type Answer, scripted, unescaped, valuesIn } from './wire.ts'

type Row = Readonly<{ id: string; group: string; header: string; sent: string }>

const rows: Row[] = corpus('headers.tsv').map(([id = '', group = '', header = '', , sent = '']) => ({
  id,
  group,
  header,
  sent,
}))

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'
const length = 'Content-Length: 2\r\n\r\nhi'

/** What the upstream answers to the rows whose header comes from there. */
const answers: Record<string, string> = {
  H081: `HTTP/1.1 200 OK\r\nSet-Cookie: postern=evil; Path=/\r\nSet-Cookie: __Host-postern.1=evil; Path=/; Secure\r\nSet-Cookie: theme=dark\r\n${length}`,
  H083: `HTTP/1.1 200 OK\r\nConnection: Set-Cookie, Cache-Control, X-Own\r\nX-Own: hop\r\nCache-Control: public\r\n${length}`,
  H085: `HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm="upstream"\r\n${length}`,
  H087: 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n2\r\nhi\r\n0\r\n\r\n',
  H089: `${ok}HTTP/1.1 200 OK\r\nX-Poison: yes\r\n${length}`,
  H091: `HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${ok}`,
  H091b: `HTTP/1.1 100 Continue\r\n\r\n${ok}`,
  H093: `HTTP/1.1 200 OK\r\nAlt-Svc: h2="evil.test:443"\r\nStrict-Transport-Security: max-age=1\r\nPublic-Key-Pins: x\r\n${length}`,
  H095: `HTTP/1.1 200 OK\r\nCache-Control: public, s-maxage=600\r\nCDN-Cache-Control: max-age=600\r\nSurrogate-Control: max-age=600\r\n${length}`,
}

const hopByHop =
  /^(?:keep-alive|te|trailer|transfer-encoding|upgrade|http2-settings|proxy-authorization|proxy-authenticate|proxy-connection|expect)$/
/** What upstreams of this and other gateways believe, in the spelling of servers that turn names into variables. */
const believed =
  /^(?:forwarded|x-forwarded-.*|x-real-ip|x-auth-.*|x-userinfo|remote-.*|x-remote-.*|x-original-.*|x-rewrite-.*|x-envoy-.*|x-http-method.*)$/

const fold = (name: string) => name.toLowerCase().replace(/[^a-z\d]/g, '-')
const passes = /^(?:x-authorization|x-access-token|x-api-key|content-type|sec-fetch-site|max-forwards)$/

let scene: Scene
let ask: Ask
let version: 1 | 2

/** The family of headers, delivered one way. */
export function runHeaders(delivery: Delivery): void {
  t.test('headers of clients and upstreams', (t) => testAll(t, delivery))
}

async function testAll(t: Test, delivery: Delivery): Promise<void> {
  scene = await startSignedIn(t, {
    ...delivery.options,
    routes: ['path: /public/**, access: public', 'path: /own/**, access: authenticated'],
    answer: scripted((line) => answers[line.match(/H\d+b?/)?.[0] ?? ''] ?? ok),
  })
  ask = delivery.open(t, scene.gateway)
  version = delivery.version
  await runFamily(
    t,
    delivery.named('headers'),
    rows,
    (row, t) => (row.group === 'response' ? checkResponse(row, t) : checkRequest(row, t)),
    ({ id, header }) => `${id} ${header.replace(/[^ -~]/g, '?')}`,
  )
}

/** Each spelling of the row from somebody unknown on both kinds of route, and from a signed-in user on both. */
async function checkRequest(row: Row, t: Test): Promise<void> {
  for (const variant of row.sent.split(' || ')) {
    for (const lines of spellings(unescaped(variant).split('\r\n'))) {
      await checkSent(t, row, '/public/x', false, lines)
      await checkSent(t, row, '/public/x', true, lines)
      await checkSent(t, row, '/own/x', true, lines)
      await checkSent(t, row, '/own/x', false, lines)
    }
  }
}

/** The same lines with the names in other letters, and with other characters for the hyphen. */
function spellings(lines: readonly string[]): string[][] {
  const renamed = (rename: (name: string) => string) =>
    lines.map((line) => rename(line.slice(0, line.indexOf(':'))) + line.slice(line.indexOf(':')))
  const all = [
    renamed((name) => name),
    renamed((name) => name.toLowerCase()),
    renamed((name) => name.toUpperCase()),
    ...['_', '.', '~', "'", '!'].map((char) => renamed((name) => name.replaceAll('-', char))),
    renamed((name) => name.replace('-', '_')),
  ]
  return [...new Map(all.map((spelled) => [spelled.join('\n'), spelled])).values()]
}

async function checkSent(
  t: Test,
  { id }: Row,
  path: string,
  isSignedIn: boolean,
  lines: readonly string[],
): Promise<void> {
  const { upstream } = scene
  const before = headsAt(upstream).length
  const cookies = isSignedIn ? [cookieLine(scene)] : []
  const method = id === 'H063' ? 'POST' : 'GET'
  const { status } = await ask(`${method} ${path}`, ['Connection: close', ...cookies, ...lines])
  const heads = headsAt(upstream).slice(before)
  const name = `${path} ${isSignedIn} ${lines.join(' | ').replace(/[^ -~]/g, '?')}`
  if (status !== 200) {
    t.ok([...(version === 2 ? [0] : []), 400, 401, 421].includes(status), `${status} ${name}`)
    t.equal(status === 401, path === '/own/x' && !isSignedIn && status === 401, name)
    t.equal(heads.length, 0, `nothing reaches the upstream: ${name}`)
    return
  }
  t.equal(heads.length, 1, name)
  t.ok(isSignedIn || path === '/public/x', `${name} is let pass`)
  checkHead(t, heads[0] as string[], lines, { path, isSignedIn, name })
}

type Sent = Readonly<{ path: string; isSignedIn: boolean; name: string }>

function checkHead(t: Test, head: readonly string[], lines: readonly string[], { path, name }: Sent): void {
  const seen = head.slice(1).map((line) => {
    const colon = line.indexOf(': ')
    return [fold(line.slice(0, colon)), line.slice(colon + 2)] as const
  })
  const valuesOf = (wanted: string) => seen.filter(([other]) => other === wanted).map(([, value]) => value)
  const isOwn = path === '/own/x'
  const host = scene.gateway.origin.split('//')[1] as string
  t.strictSame(
    seen
      .filter(([other]) => believed.test(other))
      .map(([other, value]) => `${other}: ${value}`)
      .sort(),
    [
      ...(isOwn
        ? ['email: alice@example.com', 'groups: staff', 'preferred-username: alice', 'user: alice']
        : []),
      ...[`host: ${host}`, `proto: ${new URL(scene.gateway.origin).protocol.slice(0, -1)}`, 'for: 127.0.0.1'],
    ]
      .map((line) => `x-forwarded-${line}`)
      .concat('x-real-ip: 127.0.0.1')
      .sort(),
    name,
  )
  t.strictSame(valuesOf('host'), [host], name)
  t.strictSame(
    seen.filter(([other]) => hopByHop.test(other)),
    [],
    name,
  )
  t.match(valuesOf('connection').join('|'), /^(?:keep-alive)?$/, name)
  t.equal(valuesOf('authorization').length, isOwn ? 1 : 0, name)
  if (isOwn) t.match(valuesOf('authorization')[0], /^Bearer [\w-]{43}$/, name)
  t.equal(valuesOf('x-request-id').length, 1, name)
  t.notMatch(valuesOf('cookie').join('; '), /postern/, name)
  checkPassed(t, lines, valuesOf, name)
}

/** What nobody believes is passed on as it came. */
function checkPassed(
  t: Test,
  lines: readonly string[],
  valuesOf: (name: string) => string[],
  name: string,
): void {
  for (const line of lines) {
    const sent = fold(line.slice(0, line.indexOf(':')))
    const value = line.slice(line.indexOf(':') + 1).replace(/^[ \t]+/, '')
    if (sent === 'traceparent') t.strictSame(valuesOf(sent), [], name)
    else if (passes.test(sent)) t.strictSame(valuesOf(sent), [value], name)
    else if (sent === 'cookie') t.ok(valuesOf('cookie').join('; ').includes(value), name)
    else if (/mallory|eve|attacker|evil|\/admin|eDp4|AAMA/.test(value))
      t.notOk(valuesOf(sent).join().includes(value), name)
  }
}

/** What the upstream of each row says, told to somebody on a public and on a protected route. */
async function checkResponse({ id }: Row, t: Test): Promise<void> {
  for (const path of ['/public', '/own']) {
    const answer = await ask(`GET ${path}/${id}`, [cookieLine(scene)])
    const after = await ask(`GET ${path}/after`, [cookieLine(scene)])
    t.match(after, { status: 200, body: /^hi$/ }, 'the next request gets its own answer')
    t.notMatch(JSON.stringify(after), /poison/i)
    checkAnswer(t, id, path, answer)
    if (id === 'H091') await checkContinue(t, path)
  }
}

/** A 100 that nobody asked for is an error of the upstream; it is neither the answer nor passed on. */
async function checkContinue(t: Test, path: string): Promise<void> {
  const { status, body } = await ask(`GET ${path}/H091b`, [cookieLine(scene)])
  t.notMatch(body, /HTTP\/1\.1 \d/, 'one answer')
  t.match(String(status), /^(?:200|502)$/)
}

function checkAnswer(t: Test, id: string, path: string, answer: Answer): void {
  const isOwn = path === '/own'
  t.notMatch(answer.body, /HTTP\/1\.1 \d/, 'one answer')
  t.notMatch(valuesIn(answer, 'set-cookie').join('\n'), /postern/i)
  if (isOwn)
    t.match(valuesIn(answer, 'cache-control').join(), /^(?:private|no-store)/, 'no shared cache keeps it')
  const further: Record<string, () => void> = {
    H081: () => t.strictSame(valuesIn(answer, 'set-cookie'), ['theme=dark']),
    H083: () =>
      t.strictSame(
        [valuesIn(answer, 'x-own'), valuesIn(answer, 'cache-control')],
        [[], isOwn ? ['private, no-store'] : []],
      ),
    H085: () => t.equal(answer.status, 401),
    H087: () => t.equal(answer.status, 502),
    H089: () => t.notMatch(JSON.stringify(answer), /poison/i),
    H091: () => t.equal(answer.status, 200),
    H093: () => t.equal(answer.status, 200),
    H095: () => t.equal(/public|s-maxage/.test(valuesIn(answer, 'cache-control').join()), !isOwn),
  }
  further[id]?.()
  if (id === 'H095' && isOwn)
    t.strictSame(valuesIn(answer, 'surrogate-control').concat(valuesIn(answer, 'cdn-cache-control')), [])
}
