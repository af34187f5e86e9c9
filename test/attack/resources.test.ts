import t, { type Test } from 'tap'
import { presentedToken } from '../../src/core/authorization-header.ts'
import { withoutCookies } from '../../src/core/cookies.ts'
import { connectionTokens, foldHeaderName, headerValue, privateCacheControl } from '../../src/core/headers.ts'
import { parseHost } from '../../src/core/host.ts'
import { isForPerson } from '../../src/core/navigation.ts'
import { canonicalPath } from '../../src/core/request-path.ts'
import { returnTarget } from '../../src/core/return-target.ts'
import { ruleProblems } from '../../src/core/rules.ts'
import { escapeControls } from '../../src/logs/sanitise.ts'
import { createTrust } from '../../src/proxy/forwarded.ts'
import { joinChunks } from '../../src/session/chunks.ts'
import { findCookies } from '../../src/session/cookie-header.ts'
import { createCookieOwner } from '../../src/session/cookie-name.ts'
import { problemLines, testKey, yamlWith } from '../config/support.ts'
import { createBrowser } from '../support/browser.ts'
import type { Connection } from '../support/recorder.ts'
import {
  ask,
  cookieLine,
  headsAt,
  requestBytes,
  type Scene,
  startScene,
  startSignedIn,
  valuesOf,
} from '../support/scene.ts'
import { type Checks, runAttacks } from './attacks.ts'
import { createForge } from './forge.ts'
import { answerOf, valuesIn } from './wire.ts'

const routes = ['path: /**, access: authenticated', 'path: /public/**, access: public']
const inherited = [
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'valueOf',
  '__defineGetter__',
]

let scene: Scene

const checks: Checks = {
  'DO-01': slowHeads,
  'DO-02': deniedUploads,
  'DO-03': slowReaders,
  'DO-04': hostileYaml,
  'DO-05': prototypeNames,
  'DO-06': manyNames,
  'DO-07': withoutProvider,
  'DO-08': logInjection,
  'DO-09': adminSurface,
  'DO-10': deadSessions,
  'DO-11': innerTexts,
  'DO-12': clockSkew,
}

t.test('resources', async (t) => {
  scene = await startSignedIn(t, { routes })
  await runAttacks(t, 'resources', 'resource-attacks.tsv', checks)
})

async function slowHeads(t: Test): Promise<void> {
  const own = await startScene(t, { routes, server: 'timeouts: { headers: 100ms, keep_alive: 100ms }' })
  const halves = [
    'GET',
    'GET /public/x HTTP/1.1\r\n',
    'GET /public/x HTTP/1.1\r\nHost: ',
    'GET /x HTTP/1.1\r\nHost: a\r\nX: y\r\n',
  ]
  const slow = Array.from({ length: 100 }, (_, n) => own.gateway.client(halves[n % halves.length]))
  const silent = Array.from({ length: 20 }, () => own.gateway.client(''))
  const idle = own.gateway.client(requestBytes(own.gateway, 'GET /public/x', ['Connection: keep-alive']))
  t.match(await ask(own.gateway, 'GET /public/x'), /^HTTP\/1\.1 200 /, 'others are served meanwhile')
  await Promise.all([...slow, ...silent, idle].map(({ closed }) => closed))
  for (const { bytes } of slow) t.match(bytes(), /^HTTP\/1\.1 408 /)
  t.match(idle.bytes(), /^HTTP\/1\.1 200 /)
  t.ok(headsAt(own.upstream).every(([line = '']) => line.startsWith('GET /public/x ')))
}

/** Sends pieces of a body until the other side has had enough; how many bytes went into the connection. */
async function pour(client: Connection, piece: string): Promise<number> {
  const bytes = Buffer.from(piece, 'latin1')
  let isOver = false
  void client.closed.then(() => {
    isOver = true
  })
  while (!isOver && client.socket.bytesWritten < 1_000_000_000) {
    const isRoom = client.socket.write(bytes)
    const drained = new Promise<void>((resolve) => client.socket.once('drain', resolve))
    if (isRoom) await new Promise((resolve) => setImmediate(resolve))
    else await Promise.race([drained, client.closed])
  }
  return client.socket.bytesWritten
}

async function deniedUploads(t: Test): Promise<void> {
  const { length } = headsAt(scene.upstream)
  const piece = 'x'.repeat(65_536)
  for (const [header, body] of [
    ['Content-Length: 1000000000', piece],
    ['Transfer-Encoding: chunked', `10000\r\n${piece}\r\n`],
  ] as const) {
    for (const [path, ...more] of [
      ['/x'],
      ['/x', 'Accept: text/html'],
      ['/a/../x'],
      ['/oauth2/sign_out', 'Origin: https://evil.test'],
      ['/x', cookieLine(scene), 'Origin: https://evil.test'],
    ] as [string, ...string[]][]) {
      const client = scene.gateway.client(
        requestBytes(scene.gateway, `POST ${path}`, ['Connection: keep-alive', header, ...more]),
      )
      const bytes = await client.sees('\r\n\r\n')
      t.match(
        bytes,
        /^HTTP\/1\.1 4\d\d [\s\S]*\r\nconnection: close\r\n/i,
        `${path}: at once, before any body`,
      )
      const sent = await pour(client, body)
      t.ok(sent < 64 * 1024 * 1024, `${sent} bytes of a gigabyte`)
    }
  }
  t.equal(headsAt(scene.upstream).length, length)
}

/** A search that begins anew at each place takes 40 thousand million steps for so many, which no test survives. */
const manyCharacters = 200_000
const shapes = [
  ' ',
  '\t',
  ',',
  ';',
  '=',
  '/',
  '.',
  '%',
  '%2e',
  'a',
  '"',
  '\\',
  ':',
  ', ',
  '; ',
  ' \t',
  '\u00e9',
  '"a',
  '=;',
  ',a=',
]
/** The same again and again. */
const texts = shapes.flatMap((shape) => {
  const long = shape.repeat(Math.ceil(manyCharacters / shape.length))
  return [long, `a${long}a`, `Bearer ${long}=\u0000`]
})

const trust = createTrust(['127.0.0.1'])
const owns = createCookieOwner('postern')
const options = { origin: 'https://app.example.com', prefix: '/oauth2' }

/** Everything that reads what strangers send. */
const readers: Record<string, (text: string) => unknown> = {
  'request path': (text) => canonicalPath(`/${text}`),
  'return target': (text) => returnTarget(`/${text}`, options),
  Accept: (accept) => isForPerson({ accept }),
  Authorization: presentedToken,
  Connection: connectionTokens,
  Host: parseHost,
  'header name': foldHeaderName,
  'header value': headerValue,
  'Cache-Control': privateCacheControl,
  'cookies out': (text) => withoutCookies(text, owns),
  'cookies in': (text) => findCookies(text, 'postern'),
  'cookie name': owns,
  chunks: (text) => joinChunks([[text], [text]]),
  'X-Forwarded-For': (text) => trust.clientOf('127.0.0.1', text),
  'X-Forwarded-Host': (text) => trust.hostOf('127.0.0.1', text),
  'X-Forwarded-Proto': (text) => trust.schemeOf('127.0.0.1', text),
  log: escapeControls,
}

async function slowReaders(t: Test): Promise<void> {
  for (const [name, read] of Object.entries(readers)) {
    for (const text of texts) read(text)
    t.pass(name)
  }
  for (const path of ['/(.*)', '/[a-z]+', '/a*b', '/x?', '/:a-:b', '/^(\\/[^\\/]+)*$', '/**/x']) {
    const lines = problemLines(
      t,
      yamlWith({ routes: `routes: [{ path: '${path}', upstream: web, access: public }]` }),
      { env: {}, checkRules: ruleProblems },
    )
    t.match(lines.join(), /routes\[0\]\.path/, `${path} is no pattern`)
  }
  for (const header of [
    'Cookie: ',
    'Accept: ',
    'Connection: close,',
    'X-Forwarded-For: ',
    'Authorization: Bearer ',
    'Sec-WebSocket-Protocol: ',
  ]) {
    for (const shape of [' \t', ';', ',', '=', 'a=;', '%20', '"']) {
      const answer = answerOf(
        await ask(scene.gateway, 'GET /x', [
          'Connection: close',
          header + shape.repeat(30_000 / shape.length),
        ]),
      )
      t.ok([400, 401].includes(answer.status), `${answer.status} ${header}${shape}`)
    }
  }
}

const good = yamlWith({})
const nested = (open: string, close: string) => open.repeat(6000) + close.repeat(6000)
const bombs = (first: string, rest: (n: number) => string) =>
  [first, ...Array.from({ length: 9 }, (_, n) => rest(n)), good].join('\n')
const nine = (n: number) => Array(9).fill(`*a${n}`).join(', ')

const yamls: Record<string, string | Buffer> = {
  'an alias bomb of lists': bombs('a0: &a0 [x]', (n) => `a${n + 1}: &a${n + 1} [${nine(n)}]`),
  'an alias bomb of maps': bombs(
    'a0: &a0 { k: v }',
    (n) =>
      `a${n + 1}: &a${n + 1} { b: *a${n}, c: *a${n}, d: *a${n}, e: *a${n}, f: *a${n}, g: *a${n}, h: *a${n} }`,
  ),
  'an alias in itself': `${good}\nx: &x [*x]`,
  'flow lists 6,000 deep': `x: ${nested('[', ']')}\n${good}`,
  'flow maps 6,000 deep': `x: ${nested('{a: ', '}')}\n${good}`,
  'block lists 6,000 deep': `${'- '.repeat(6000)}x`,
  'block maps 3,000 deep': Array.from({ length: 1200 }, (_, n) => `${' '.repeat(n)}a:`).join('\n'),
  'quotes that never end': `x: "${'a'.repeat(500_000)}`,
  'a file of 5 MB': Buffer.alloc(5_000_000, 'a: 1\n'),
  'a hundred thousand keys': `${Array.from({ length: 100_000 }, (_, n) => `k${n}: 1`).join('\n')}\n`.slice(
    0,
    1_000_000,
  ),
  'a key twice': `${good}\nroutes: []`,
  'a key of a rule twice': yamlWith({
    routes: 'routes: [{ path: /**, upstream: web, access: public, access: authenticated }]',
  }),
  'a second document': `${good}\n---\n${good}`,
  'a merge key': `base: &base { access: public }\n${yamlWith({ routes: 'routes: [{ <<: *base, path: /**, upstream: web }]' })}`,
  'a tag that makes code': `${good}\nx: !!js/function "function () {}"`,
  'a tag that makes binary': yamlWith({ session: `session: { keys: [!!binary "${testKey}"] }` }),
  'a tag of our own': `${good}\nx: !include /etc/passwd`,
  'a tab': 'server:\n\tpublic_url: https://app.example.com',
  'a NUL': `${good}\nx: "a\0b"`,
  'a directive that asks for other scalars': `%YAML 1.1\n---\n${yamlWith({ server: 'server: { public_url: https://app.example.com, dangerously_allow_http: yes }' })}`,
  'broken UTF-8': Buffer.concat([Buffer.from(good), Buffer.from([0x0a, 0xff, 0xfe])]),
  'UTF-16': Buffer.from(`\ufeff${good}`, 'utf16le'),
  'yes for a truth': yamlWith({
    server: 'server: { public_url: https://app.example.com, dangerously_allow_http: yes }',
  }),
  'on for a truth': yamlWith({
    server: 'server: { public_url: https://app.example.com, dangerously_allow_http: on }',
  }),
  'an octal number': yamlWith({ session: `session: { keys: [${testKey}], cookie: { max_chunks: 012 } }` }),
  'a number of base 60': yamlWith({ session: `session: { keys: [${testKey}], idle_timeout: 1:30 }` }),
  'a number as scope': yamlWith({ routes: 'routes: [{ path: /**, upstream: web, scopes: [1] }]' }),
  'nothing as scopes': yamlWith({ routes: 'routes: [{ path: /**, upstream: web, scopes: }]' }),
  'no scopes at all': yamlWith({ routes: 'routes: [{ path: /**, upstream: web, scopes: [] }]' }),
  'no for an access': yamlWith({ routes: 'routes: [{ path: /**, upstream: web, access: no }]' }),
  'infinity as a duration': yamlWith({ session: `session: { keys: [${testKey}], absolute_lifetime: .inf }` }),
  'a list as key': `? [a, b]\n: 1\n${good}`,
  'an unknown key': yamlWith({
    routes: 'routes: [{ path: /**, upstream: web, access: authenticated, acces: public }]',
  }),
}

async function hostileYaml(t: Test): Promise<void> {
  t.strictSame(problemLines(t, good), [])
  for (const [name, yaml] of Object.entries(yamls)) {
    const lines = problemLines(t, yaml)
    t.ok(lines.length > 0, `${name} is refused`)
    t.ok(
      lines.every((line) => /^postern\.yaml:[1-9]\d*:[1-9]\d* {2}/.test(line)),
      `${name}: with a place`,
    )
    t.ok(
      lines.every((line) => line.length < 2000),
      `${name}: in few words`,
    )
  }
}

async function prototypeNames(t: Test): Promise<void> {
  const own = await startSignedIn(t, {
    routes: [
      ...routes,
      ...[
        'constructor',
        '__proto__',
        'toString',
        'constructor.name',
        '__proto__.constructor.name',
        'toString.name',
        'groups.length',
      ].map((claim, n) => `path: /claims/${n}, claims: { "${claim}": [Object, toString, "1", 1] }`),
      'path: /scopes/x, scopes: [constructor]',
      'path: /either/x, any_scope: [__proto__, toString]',
    ].filter((route) => !route.includes('"__proto__":')),
  })
  for (const path of [
    '/claims/0',
    '/claims/2',
    '/claims/3',
    '/claims/4',
    '/claims/5',
    '/claims/6',
    '/scopes/x',
    '/either/x',
  ]) {
    t.match(await ask(own.gateway, `GET ${path}`, [cookieLine(own)]), /^HTTP\/1\.1 403 /, path)
  }
  for (const name of inherited) await checkName(t, own, name)
  const forge = await createForge()
  const claims = JSON.parse(
    '{"__proto__": {"groups": ["admins"], "polluted": true}, "constructor": {"name": "Object"}, "email": "a@b"}',
  )
  const served = await ask(own.gateway, 'GET /public/x', [`Cookie: ${forge.session({ claims }).join('; ')}`])
  t.match(served, /^HTTP\/1\.1 200 /)
  const { length } = headsAt(own.upstream)
  await ask(own.gateway, 'GET /x', [`Cookie: ${forge.session({ claims }).join('; ')}`])
  t.notMatch(headsAt(own.upstream).slice(length).join('\n'), /admins/)
  t.strictSame([({} as Record<string, unknown>)['polluted'], Object.keys(Object.prototype)], [undefined, []])
}

/** A name that objects inherit, wherever a client can write one, and in the configuration. */
async function checkName(t: Test, { gateway, upstream }: Scene, name: string): Promise<void> {
  const { length } = headsAt(upstream)
  const headers = [`${name}: x`, `Cookie: ${name}=x; ${name}.${name}=y`, `Host: ${gateway.origin.slice(7)}`]
  const target = `/public/${name}?${name}=x&${name}[polluted]=1&${name}.polluted=1`
  t.match(await ask(gateway, `GET ${target}`, headers), /^HTTP\/1\.1 200 /, name)
  const [head = []] = headsAt(upstream).slice(length)
  t.strictSame([head[0], valuesOf(head, name)], [`GET ${target} HTTP/1.1`, ['x']], 'a name like any other')
  t.match(await ask(gateway, `GET /oauth2/${name}`), /^HTTP\/1\.1 404 /, 'no endpoint')
  t.match(await ask(gateway, `GET /${name}`), /^HTTP\/1\.1 401 /, 'no rule')
  t.match(await ask(gateway, `GET /x`, [`Host: ${name}`]), /^HTTP\/1\.1 4(?:00|21) /, 'no host')
  t.match(await ask(gateway, `${name} /x`), /^HTTP\/1\.1 400 /, 'no method')
  t.match(
    await ask(gateway, `GET /oauth2/start?scope=${name}&acr_values=${name}&rd=${name}`),
    /^HTTP\/1\.1 302 /,
  )
  t.match(await ask(gateway, `GET /oauth2/callback?state=${name}&error=${name}`), /^HTTP\/1\.1 302 /)
  const lines = problemLines(
    t,
    yamlWith({ routes: `routes: [{ path: /**, upstream: ${name}, access: public }]` }),
  )
  t.match(lines.join(), /routes\[0\]\.upstream/, 'no upstream')
  const access = problemLines(
    t,
    yamlWith({ routes: `routes: [{ path: /**, upstream: web, access: ${name} }]` }),
  )
  t.match(access.join(), /routes\[0\]\.access/, 'no access')
}

async function manyNames(t: Test): Promise<void> {
  const { gateway } = scene
  const many = (count: number, write: (n: number) => string) =>
    Array.from({ length: count }, (_, n) => write(n)).join('')
  for (const [line, ...headers] of [
    [`GET /public/x?${many(100_000, (n) => `${n}=1&`)}`],
    [`GET /public/x?${many(1500, (n) => `${n}&`)}`],
    ['GET /public/x', `Cookie: ${many(100_000, (n) => `${n}=1; `)}`],
    ['GET /public/x', `Cookie: ${many(6000, (n) => `${n}=;`)}`],
    ['GET /x', `Cookie: ${many(4000, (n) => `postern.${n}=;`)}`.slice(0, 45_000)],
    ['GET /x', `Cookie: ${many(3000, (n) => `postern.login.${n}=;`)}`.slice(0, 45_000), 'Accept: text/html'],
    ['GET /public/x', ...Array.from({ length: 100_000 }, (_, n) => `${n}: 1`)],
    ['GET /public/x', ...Array.from({ length: 250 }, (_, n) => `${n}: 1`)],
    [`GET /oauth2/start?${many(1200, (n) => `rd=${n}&`)}`],
    [`POST /oauth2/sign_out?${many(1200, (n) => `rd=${n}&`)}`, 'Content-Length: 0'],
  ] as [string, ...string[]][]) {
    const client = gateway.client(requestBytes(gateway, line, headers))
    await client.closed
    const bytes = client.bytes()
    t.match(
      bytes,
      /^(?:HTTP\/1\.1 (?:200|302|303|400|401|414|431) |$)/,
      `${line.slice(0, 30)} ${headers[0]?.slice(0, 20)}`,
    )
    t.ok(bytes.length < 20_000, 'a short answer')
  }
  t.match(await ask(gateway, 'GET /public/x'), /^HTTP\/1\.1 200 /)
}

async function withoutProvider(t: Test): Promise<void> {
  const own = await startSignedIn(t, { routes })
  await own.provider.stop()
  await own.gateway.restart()
  t.match(await ask(own.gateway, 'GET /x', [cookieLine(own)]), /^HTTP\/1\.1 200 /)
  t.match(await ask(own.gateway, 'GET /x', ['Accept: text/html']), /^HTTP\/1\.1 503 /, 'nobody new gets in')
  t.match(await ask(own.gateway, 'GET /x', ['Cookie: postern=evil']), /^HTTP\/1\.1 401 /)
  t.match(await ask(own.gateway, 'GET /public/x'), /^HTTP\/1\.1 200 /)
}

async function logInjection(t: Test): Promise<void> {
  const { gateway } = scene
  const forge = await createForge()
  const texts = [
    '\x1b[31mred',
    '{"level":"error","msg":"forged"}',
    '%0d%0aforged',
    '\\r\\nforged',
    '\u202e',
    '\x9b31m',
    '"}\u2028{"',
    "'; DROP TABLE",
  ]
  for (const text of texts) {
    const bytes = Buffer.from(text).toString('latin1')
    const before = gateway.logText().length
    await ask(gateway, `GET /public/${bytes}?${bytes}`, [
      `User-Agent: ${bytes}`,
      `Referer: ${bytes}`,
      `X-Request-Id: ${bytes}`,
    ])
    await ask(gateway, `GET /public/x`, [`User-Agent: ${bytes}`, `Host: ${bytes}`])
    await ask(gateway, 'GET /x', [
      `Cookie: ${forge.session({ sub: text, claims: { email: text, name: `a\r\n${text}` } }).join('; ')}`,
    ])
    await ask(gateway, `GET /oauth2/callback?state=${bytes}&error=${bytes}`)
    const written = gateway.logText().slice(before)
    t.notMatch(written.replaceAll('\n', ''), /[\p{Cc}\u2028\u2029\u202e]/u, 'no control character')
    const lines = written
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>)
    t.ok(lines.length >= 1, 'each line is one JSON document')
    for (const line of lines) t.notOk(line['msg'] === 'forged' || line['level'] === 'error')
  }
}

async function adminSurface(t: Test): Promise<void> {
  const { gateway } = scene
  const canary = 'canary-5d1e'
  await ask(gateway, `GET /public/${canary}`, [`User-Agent: ${canary}`])
  for (const path of [
    '/metrics',
    '/healthz',
    '/readyz',
    '/debug',
    '/config',
    `/${canary}`,
    '/',
    '/../etc/passwd',
  ]) {
    const answer = await createBrowser().fetch(`http://${gateway.admin.replace(/^http:\/\//, '')}${path}`)
    t.notMatch(JSON.stringify([answer.body, answer.headers]), canary, path)
    t.match(String(answer.status), /^(?:200|404)$/)
    const open = answerOf(await ask(gateway, `GET ${path}`))
    t.match(String(open.status), /^(?:401|400)$/, `${path} is a path like any other in public`)
  }
}

async function deadSessions(t: Test): Promise<void> {
  const browser = createBrowser()
  await browser.navigate(`${scene.gateway.origin}/oauth2/start?rd=/public/x`)
  const ended = cookieLine({ ...scene, browser })
  await browser.fetch(`${scene.gateway.origin}/oauth2/sign_out`, { method: 'POST' })
  const forge = await createForge()
  const expired = `Cookie: ${forge.session({ createdAt: 1, lastSeenAt: 1 }).join('; ')}`
  for (const path of ['/x', '/oauth2/userinfo', '/oauth2/session', '/oauth2/sign_out', '/public/x']) {
    const statuses = await Promise.all(
      [ended, expired, 'Cookie: postern=evil', 'Cookie: theme=dark'].map(
        async (cookie) => answerOf(await ask(scene.gateway, `GET ${path}`, [cookie])).status,
      ),
    )
    t.equal(new Set(statuses).size, 1, `${path} ${statuses}`)
  }
}

async function innerTexts(t: Test): Promise<void> {
  const broken = [
    'HTTP/1.1 abc\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\n',
    'garbage inner-7c2f',
    'HTTP/1.1 200 OK\r\nBad Header: inner-7c2f\r\n\r\n',
    '',
  ]
  for (const bytes of broken) {
    const own = await startScene(t, {
      routes,
      answer: ({ socket }) => void socket.on('data', () => socket.end(bytes)),
    })
    await own.browser.navigate(`${own.gateway.origin}/oauth2/start`, { stopAt: `${own.gateway.origin}/x` })
    await checkInner(t, own)
  }
  const gone = await startSignedIn(t, { routes })
  await gone.upstream.close()
  await checkInner(t, gone)
}

async function checkInner(t: Test, own: Scene): Promise<void> {
  for (const accept of ['text/html', 'application/json']) {
    const bytes = await ask(own.gateway, 'GET /x', [cookieLine(own), `Accept: ${accept}`])
    const { status, headers, body } = answerOf(bytes)
    t.match(String(status), /^50[24]$/, bytes.slice(0, 30))
    const text = JSON.stringify(headers.filter(([name]) => name !== 'www-authenticate')) + body
    t.notMatch(text, /ECONN|UND_ERR|HPE_|node_modules|\.ts:|\.js:|inner-7c2f| at \w+ \(|undici/i)
    t.notOk(text.includes(String(own.upstream.port)) || text.includes('127.0.0.1'), 'no address')
    t.match(body, /[a-z\d]+-[a-z\d]+/, 'a request id')
  }
}

async function clockSkew(t: Test): Promise<void> {
  const at = (skew: number) => () => Math.floor(Date.now() / 1000) + skew
  for (const [skew, isFine] of [
    [0, true],
    [25, true],
    [-25, true],
    [-300, false],
  ] as const) {
    const own = await startScene(t, { routes, clock: at(skew) })
    const page = await own.browser.navigate(`${own.gateway.origin}/x`)
    t.equal(page.status === 200, isFine, `${skew} seconds`)
    if (!isFine) t.match(page.body, /<h1>/)
  }
  const now = at(0)()
  for (const [ahead, status] of [
    [50, 200],
    [-300, 200],
    [300, 401],
  ] as const) {
    const replica = await createForge({ now: now + ahead })
    const answer = await ask(scene.gateway, 'GET /x', [`Cookie: ${replica.session().join('; ')}`])
    t.match(answer, new RegExp(`^HTTP/1\\.1 ${status} `), `a seal of a replica ${ahead} seconds off`)
  }
  t.ok(valuesIn(answerOf(await ask(scene.gateway, 'GET /x', [cookieLine(scene)])), 'date').length === 1)
}
