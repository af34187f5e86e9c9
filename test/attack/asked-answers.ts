import type { Test } from 'tap'
import { type CheckAnswer, answerOf as takenApart } from '../support/check.ts'
import { requestBytes } from '../support/scene.ts'
import { ask, expectDenied, hostOf, type Place, presets, send, told } from './asked.ts'
import type { Checks } from './attacks.ts'
import { createForge } from './forge.ts'
import { findLeaks, mark } from './marks.ts'
import { signIn } from './people.ts'
import { inOneGo, valuesIn } from './wire.ts'

const evil = 'Origin: https://evil.example'

/** Attacks by who asks and by what the answer carries: sessions, other origins, conditions, caches, connections, the log. */
export function answerChecks(place: () => Place): Checks {
  return {
    'FA-34': (t) => crossSite(t, place()),
    'FA-35': (t) => webSockets(t, place()),
    'FA-36': (t) => conditions(t, place()),
    'FA-37': (t) => addresses(t, place()),
    'FA-38': (t) => caches(t, place()),
    'FA-39': (t) => brokenCookies(t, place()),
    'FA-40': (t) => endedSessions(t, place()),
    'FA-41': (t) => cookieLines(t, place()),
    'FA-42': (t) => everyHeader(t, place()),
    'FA-43': (t) => claimsAsHeaders(t, place()),
    'FA-44': (t) => twoAuthorizations(t, place()),
    'FA-45': (t) => behindARefusal(t, place()),
    'FA-46': (t) => framing(t, place()),
    'FA-47': (t) => pipelined(t, place()),
    'FA-48': (t) => upgrades(t, place()),
    'FA-49': (t) => browsersThemselves(t, place()),
    'FA-50': (t) => secretsInLogs(t, place()),
  }
}

async function crossSite(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    const asked = { target: '/api/', method: 'POST' }
    t.equal((await ask(place, preset, asked, [place.cookie])).status, 200, preset)
    const own = `Origin: ${place.gateways[preset].origin}`
    t.equal((await ask(place, preset, asked, [place.cookie, own])).status, 200, preset)
    for (const lines of [
      [evil],
      ['Origin: null'],
      ['Origin: '],
      [`${own}.evil.example`],
      [`${own}, ${evil}`],
      ['Sec-Fetch-Site: cross-site'],
      ['Sec-Fetch-Site: same-site'],
      [evil, 'Sec-Fetch-Site: same-origin'],
      [evil, 'X-Requested-With: XMLHttpRequest'],
    ]) {
      for (const method of ['POST', 'PUT', 'DELETE', 'PATCH']) {
        const answer = await ask(place, preset, { target: '/api/', method }, [place.cookie, ...lines])
        expectDenied(t, answer, `${preset} ${method} ${lines}`, [403])
      }
    }
  }
}

async function webSockets(t: Test, place: Place): Promise<void> {
  const marks = [
    ['Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=='],
    ['Sec-WebSocket-Version: 13'],
    ['Sec-Fetch-Mode: websocket'],
    [
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ],
    ['Upgrade: WebSocket'],
  ]
  for (const preset of presets) {
    const { origin } = place.gateways[preset]
    for (const lines of marks) {
      const handshake = [...lines, place.cookie]
      const answer = await ask(place, preset, { target: '/api/' }, [...handshake, `Origin: ${origin}`])
      t.equal(answer.status, 200, `${preset} ${lines}`)
      for (const from of [
        [evil],
        ['Origin: null'],
        [],
        [`Origin: ${origin}.evil.example`],
        [`Origin: ${origin}0`],
      ]) {
        const foreign = await ask(place, preset, { target: '/api/' }, [...handshake, ...from])
        expectDenied(t, foreign, `${preset} ${lines} ${from}`, [403])
      }
      const nobody = await ask(place, preset, { target: '/api/' }, [...lines, `Origin: ${origin}`])
      expectDenied(t, nobody, `${preset} ${lines}`, [401])
    }
  }
}

/** What the address of a check asks for is met to the letter, or nobody passes. */
async function conditions(t: Test, place: Place): Promise<void> {
  for (const preset of presets.filter((name) => name !== 'envoy')) {
    const gateway = place.gateways[preset]
    const { headers } = told(preset, gateway, { target: '/secret' })
    const asking = (query: string, more: readonly string[] = [place.cookie]) =>
      send(gateway, { line: `GET /oauth2/auth${query}`, headers }, more)
    t.equal((await asking('?allowed_groups=staff')).status, 200)
    for (const query of [
      '?allowed_groups=',
      '?allowed_groups',
      '?allowed_groups=,',
      '?allowed_groups=&allowed_groups=',
      '?allowed_groups=admins',
      '?allowed_groups=Staff',
      '?allowed_groups=staf',
      '?allowed_groups=staff%20admins',
      '?allowed_groups=staff;admins',
      '?allowed_groups=staff&allowed_emails=',
      '?allowed_groups=staff&allowed_email_domains=evil.example',
      '?allowed%5Fgroups=admins',
      '?x&allowed_groups=admins&y',
      '?allowed_groups=undefined,null,__proto__,constructor,0',
    ]) {
      expectDenied(t, await asking(query), `${preset} ${query}`, [403])
      expectDenied(t, await asking(query, []), `${preset} ${query} of nobody`, [401, 403])
    }
    const { headers: open } = told(preset, gateway, { target: '/public/' })
    const nobody = await send(gateway, { line: 'GET /oauth2/auth?allowed_groups=staff', headers: open })
    expectDenied(t, nobody, 'a condition holds for a public path too', [401, 403])
    const inRequest = told(preset, gateway, { target: '/secret?allowed_groups=admins' })
    t.equal(
      (await send(gateway, inRequest, [place.cookie])).status,
      200,
      'a query of the request is no condition',
    )
    const admins = told(preset, gateway, { target: '/secret?allowed_groups=staff' })
    const both = { line: 'GET /oauth2/auth?allowed_groups=admins', headers: admins.headers }
    expectDenied(t, await send(gateway, both, [place.cookie]), 'and takes none away', [403])
  }
}

async function addresses(t: Test, place: Place): Promise<void> {
  const forge = await createForge()
  const { haproxy } = place.gateways
  const { headers } = told('haproxy', haproxy, { target: '/secret' })
  const asking = (query: string, claims: Readonly<Record<string, unknown>>) =>
    send(haproxy, { line: `GET /oauth2/auth?${query}`, headers }, [
      `Cookie: ${forge.session({ claims }).join('; ')}`,
    ])
  const domain = 'allowed_email_domains=example.com'
  t.equal((await asking(domain, { email: 'a@example.com' })).status, 200)
  t.equal((await asking(domain, { email: 'a@example.com', email_verified: true })).status, 200)
  for (const claims of [
    { email: 'a@evil.example@example.com' },
    { email: 'a@example.com@evil.example' },
    { email: '"a@example.com"@evil.example' },
    { email: 'a@example.com', email_verified: false },
    { email: 'a@evil-example.com' },
    { email: 'a@sub.example.com' },
    { email: 'a@example.com.evil.example' },
    { email: 'a@example.com\n' },
    { email: 'a@\u00adexample.com' },
    { email: '@example.com' },
    { email: 'example.com' },
    { email: ['a@example.com'] },
    { email: { toString: 'a@example.com' } },
    { preferred_username: 'a@example.com' },
    {},
  ]) {
    for (const query of [domain, 'allowed_emails=a@example.com']) {
      if (query !== domain && claims.email === 'a@sub.example.com') continue
      expectDenied(t, await asking(query, claims), `${query} ${JSON.stringify(claims)}`, [403])
    }
  }
}

async function caches(t: Test, place: Place): Promise<void> {
  const page = ['Accept: text/html', 'Sec-Fetch-Mode: navigate']
  for (const preset of presets) {
    for (const [target, more] of [
      ['/secret', [place.cookie]],
      ['/public/', []],
      ['/public/x.css', ['If-None-Match: *', 'If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT']],
      ['/secret', ['Cache-Control: only-if-cached', 'Range: bytes=0-1', place.cookie]],
      ['/secret', []],
      ['/secret', page],
      ['/admin/', [place.cookie]],
      ['/a//b', [place.cookie]],
      ['/oauth2/', []],
    ] as const) {
      const { status, headers } = await ask(place, preset, { target }, more)
      t.ok([200, 401, 403].includes(status), `${preset} ${target} ${status}`)
      const wanted = status === 200 ? 'private, no-store' : 'no-store'
      t.strictSame(headers['cache-control'], [wanted], `${preset} ${target}`)
      for (const name of ['etag', 'last-modified', 'expires', 'age', 'vary'])
        t.equal(headers[name], undefined, name)
    }
  }
}

/** A cookie that opens nothing is no cookie: the same answer as without one, never a yes. */
async function brokenCookies(t: Test, place: Place): Promise<void> {
  const [, seal = ''] = /postern=([^;]+)/.exec(place.cookie) ?? []
  const other = await createForge({ key: 'dnV0c3JxcG9ubWxramloZ2ZlZGNiYTA5ODc2NTQzMjE=' })
  const expired = await createForge({ now: Math.floor(Date.now() / 1000) - 1_000_000 })
  for (const preset of presets) {
    for (const pair of [
      'postern=',
      'postern',
      '=postern',
      'postern=x',
      `postern=${seal.slice(0, seal.length / 2)}`,
      `postern=${seal.slice(0, -1)}`,
      `postern=${seal}A`,
      `postern=${seal.toUpperCase()}`,
      `postern="${seal}`,
      `Postern=${seal}`,
      `postern.1=${seal}`,
      `postern=${'A'.repeat(10_000)}`,
      `postern=${'%00'.repeat(100)}`,
      other.session().join('; '),
      expired.session().join('; '),
      (await createForge()).login().replace(/^[^=]+/, 'postern'),
    ]) {
      const answer = await ask(place, preset, { target: '/secret' }, [`Cookie: ${pair}`])
      expectDenied(t, answer, `${preset} ${pair.slice(0, 40)}`, [401])
      const { status, headers } = await ask(place, preset, { target: '/optional/' }, [`Cookie: ${pair}`])
      t.strictSame([status, headers['x-auth-request-user']], [200, ['']], 'where anybody may, it is nobody')
    }
  }
}

async function endedSessions(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    const gateway = place.gateways[preset]
    const cookie = await signIn(place.gateways.nginx, 'alice')
    t.equal((await ask(place, preset, { target: '/secret' }, [cookie])).status, 200)
    const out = requestBytes(gateway, 'POST /oauth2/sign_out', [
      cookie,
      `Origin: ${gateway.origin}`,
      'Content-Length: 0',
    ])
    t.match(await gateway.exchange(out), /^HTTP\/1\.1 200 [\s\S]*"signed_out":true/)
    expectDenied(
      t,
      await ask(place, preset, { target: '/secret' }, [cookie]),
      `${preset} after signing out`,
      [401],
    )
  }
}

/** No proxy brings more than one Set-Cookie to the browser, and some make one broken line of two. */
async function cookieLines(t: Test, place: Place): Promise<void> {
  const forge = await createForge()
  const chunks = Array.from({ length: 6 }, (_, n) => `postern${n === 0 ? '' : `.${n}`}=broken`).join('; ')
  const old = await createForge({ now: Math.floor(Date.now() / 1000) - 1000 })
  const pairs = [
    'postern=x',
    chunks,
    `${chunks}; ${forge.login()}; postern.login.x.y=z`,
    forge.session({ claims: { name: 'n'.repeat(5000), email: 'a@b.c' } }).join('; '),
    old
      .session({ tokens: { accessToken: 'a', obtainedAt: 1, expiresAt: 4_000_000_000 } as never })
      .join('; '),
  ]
  for (const preset of presets) {
    for (const pair of pairs) {
      for (const target of ['/secret', '/optional/', '/public/', '/admin/', '/a//b', '/oauth2/']) {
        for (const more of [[], ['Accept: text/html', 'Sec-Fetch-Mode: navigate']]) {
          const { headers } = await ask(place, preset, { target }, [`Cookie: ${pair}`, ...more])
          t.ok((headers['set-cookie'] ?? []).length <= 1, `${preset} ${target} ${pair.slice(0, 30)}`)
          t.notMatch(headers['set-cookie']?.[0] ?? '', /, *postern/, 'nor two in one')
        }
      }
    }
  }
}

/** A header that the proxy is to copy is there when it is empty: else what the client wrote would stay. */
async function everyHeader(t: Test, place: Place): Promise<void> {
  const claimed = [
    'X-User: root',
    'X-Groups: admins',
    'X-Auth-Request-User: root',
    'Authorization: Bearer mine',
    'X-Auth-Request-Access-Token: mine',
  ]
  const own = await place.another(t, {
    forwardAuth:
      'preset: haproxy, access_token_header: true, identity_headers: { X-User: sub, X-Groups: groups, X-None: none.such }',
  })
  const names = ['x-user', 'x-groups', 'x-none', 'authorization', 'x-auth-request-access-token']
  for (const target of ['/public/', '/optional/']) {
    const { status, headers } = await send(own, told('haproxy', own, { target }), claimed)
    t.equal(status, 200)
    t.strictSame(
      names.map((name) => headers[name]),
      names.map(() => ['']),
      `${target}: each once, and empty`,
    )
  }
  const known = await send(own, told('haproxy', own, { target: '/secret' }), [place.cookie, ...claimed])
  t.strictSame(known.headers['x-user'], ['alice'])
  t.strictSame(known.headers['x-none'], [''])
  t.notMatch(JSON.stringify(known), /root|admins|mine/)
}

async function claimsAsHeaders(t: Test, place: Place): Promise<void> {
  const forge = await createForge()
  const values: readonly unknown[] = [
    'a\r\nX-Injected: yes',
    'a\nb',
    'a\rb',
    'a\0b',
    'a\u0085b',
    '\ud800',
    ' a ',
    'a\u560d\u560ab',
    { a: 1 },
    [['a']],
    'x'.repeat(8001),
    ['x'.repeat(4001), 'y'.repeat(4001)],
  ]
  for (const preset of presets) {
    for (const value of values) {
      const claims = { email: value, groups: [value], preferred_username: value }
      const cookie = `Cookie: ${forge.session({ claims }).join('; ')}`
      const answer = await ask(place, preset, { target: '/secret' }, [cookie])
      const name = `${preset} ${JSON.stringify(value).slice(0, 40)}`
      t.equal(answer.status, 200, name)
      t.equal(answer.headers['x-injected'], undefined, name)
      const told = ['email', 'groups', 'preferred-username'].map(
        (header) => answer.headers[`x-auth-request-${header}`],
      )
      // Letters that only old encoders took for line ends are letters.
      const isText = typeof value === 'string' && value.includes('\u560d')
      if (isText) t.ok(told.every((lines) => lines?.length === 1 && !/[\r\n]/.test(lines[0] as string)))
      else t.strictSame(told, [[''], [''], ['']], `${name}: said empty rather than as something else`)
    }
    const claims = { email: 'é@example.com', groups: ['a,b', 'c%d', 'é'], preferred_username: true }
    const { headers } = await ask(place, preset, { target: '/secret' }, [
      `Cookie: ${forge.session({ claims }).join('; ')}`,
    ])
    const utf8 = Buffer.from('é').toString('latin1')
    t.strictSame(headers['x-auth-request-email'], [`${utf8}@example.com`])
    t.strictSame(headers['x-auth-request-groups'], [`a%2Cb,c%25d,${utf8}`], 'a group cannot make two')
  }
}

async function twoAuthorizations(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    for (const [one, other] of [
      ['Bearer a', 'Bearer b'],
      ['Basic YTpi', 'Bearer b'],
    ]) {
      const twice = [`Authorization: ${one}`, `authorization: ${other}`, place.cookie]
      expectDenied(
        t,
        await ask(place, preset, { target: '/secret' }, twice),
        `${preset} ${one} ${other}`,
        [400],
      )
    }
  }
}

/** The line and headers of a check, for several on one connection. */
function whole(
  place: Place,
  preset: (typeof presets)[number],
  target: string,
  more: readonly string[],
): string[] {
  const { line, headers } = told(preset, place.gateways[preset], { target })
  return [line, ...headers, ...more]
}

/** What stands behind a refused check on the same connection is judged by itself, or not at all. */
async function behindARefusal(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    const gateway = place.gateways[preset]
    const refusals = [
      whole(place, preset, '/secret', []),
      whole(place, preset, '/admin/', [place.cookie]),
      whole(place, preset, '/a//b', [place.cookie]),
      whole(place, preset, '/secret', ['X_Forwarded_Uri: /x', place.cookie]),
      whole(place, preset, '/secret', ['Transfer-Encoding: identity', place.cookie]),
      whole(place, preset, '/secret', ['Sec-WebSocket-Version: 13', evil, place.cookie]),
    ]
    for (const refused of refusals) {
      const behind = [
        whole(place, preset, '/secret', []),
        whole(place, preset, '/public/', []),
        whole(place, preset, '/secret', [place.cookie]),
      ]
      const answers = await inOneGo(gateway, [refused, ...behind])
      const name = `${preset} ${refused.at(-1)}`
      const statuses = answers.map(({ status }) => status)
      t.ok([400, 401, 403].includes(statuses[0] as number), `${name} ${statuses}`)
      t.strictSame(statuses.slice(1), [401, 200, 200].slice(0, statuses.length - 1), name)
      t.ok(statuses.length === 4 || statuses.length === 1, 'all of them or none')
      for (const [index, answer] of answers.slice(0, 3).entries()) {
        t.notOk(valuesIn(answer, 'x-auth-request-user').includes('alice'), `${name} ${index}`)
      }
    }
  }
}

/** A check inside the body of a check is a body; what readers disagree on ends the connection. */
async function framing(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    const gateway = place.gateways[preset]
    const inner = requestBytes(gateway, ...parts(place, preset, '/secret', [place.cookie, 'X-Inner: 1']))
    const { line, headers } = told(preset, gateway, { target: '/public/', method: 'POST' })
    const own = headers.filter((header) => !/^content-length:/i.test(header))
    const outer = (...framing: string[]) =>
      requestBytes(gateway, line, [...own, ...framing, 'Connection: keep-alive'])
    const next = requestBytes(gateway, ...parts(place, preset, '/secret', []))
    const chunked = `${inner.length.toString(16)}\r\n${inner}\r\n0\r\n\r\n`
    for (const [name, bytes] of [
      ['length', outer(`Content-Length: ${inner.length}`) + inner],
      ['chunks', outer('Transfer-Encoding: chunked') + chunked],
    ] as const) {
      const answers = await gateway.exchange(bytes + next)
      t.strictSame(answers.match(/HTTP\/1\.1 \d+/g), ['HTTP/1.1 200', 'HTTP/1.1 401'], `${preset} ${name}`)
      t.notMatch(answers, /x-auth-request-user: alice/)
    }
    for (const framing of [
      ['Content-Length: 5', 'Transfer-Encoding: chunked'],
      ['Content-Length: 5', 'Content-Length: 0'],
      ['Content-Length: 0', 'Content-Length: 5'],
      ['Transfer-Encoding: chunked', 'Transfer-Encoding: chunked'],
      ['Transfer-Encoding: xchunked'],
      ['Content-Length: +5'],
      [' X: folded'],
    ]) {
      const answers = await gateway.exchange(outer(...framing) + chunked + next)
      t.match(answers, /^HTTP\/1\.1 400 /, `${preset} ${framing}`)
      t.equal(answers.match(/HTTP\/1\.1 \d/g)?.length, 1, 'and nothing behind it')
    }
  }
}

function parts(
  place: Place,
  preset: (typeof presets)[number],
  target: string,
  more: readonly string[],
): [string, string[]] {
  const [line = '', ...headers] = whole(place, preset, target, more)
  return [line, headers]
}

/** Checks of several people on one connection, and on many at once: each is told who they are. */
async function pipelined(t: Test, place: Place): Promise<void> {
  const { gateways, cookie } = place
  const [bob, root] = [await signIn(gateways.nginx, 'bob'), await signIn(gateways.nginx, 'root')]
  const people = [
    ['alice', cookie],
    ['bob', bob],
    ['', ''],
    ['root', root],
    ['', 'Cookie: postern=broken'],
    ['alice', cookie],
  ] as const
  const expected = people.map(([name]) => [name === '' ? 401 : 200, name])
  const seen = (answers: readonly CheckAnswer[]) =>
    answers.map(({ status, headers }) => [status, headers['x-auth-request-user']?.[0] ?? ''])
  for (const preset of presets) {
    const checks = people.map(([, line]) => whole(place, preset, '/secret', line === '' ? [] : [line]))
    const rounds = Array.from({ length: 5 }, async () => {
      const answers = await inOneGo(gateways[preset], checks)
      return answers.map((answer) => [answer.status, valuesIn(answer, 'x-auth-request-user')[0] ?? ''])
    })
    for (const round of await Promise.all(rounds)) t.strictSame(round, expected, preset)
    const apart = await Promise.all(
      [...people, ...people].map(([, line]) =>
        ask(place, preset, { target: '/secret' }, line === '' ? [] : [line]),
      ),
    )
    t.strictSame(seen(apart), [...expected, ...expected], preset)
    const tokens = new Map(
      apart.map(({ headers }) => [headers['x-auth-request-user']?.[0], headers['authorization']?.[0]]),
    )
    t.equal(new Set(tokens.values()).size, 4, 'three tokens, and none')
  }
}

async function upgrades(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    for (const [lines, status] of [
      [
        ['Connection: Upgrade, HTTP2-Settings, close', 'Upgrade: h2c', 'HTTP2-Settings: AAMAAABkAAQAAP__'],
        401,
      ],
      [['Connection: Upgrade', 'Upgrade: TLS/1.0'], 401],
      [['Expect: 100-continue'], 401],
    ] as const) {
      const { line, headers } = told(preset, place.gateways[preset], { target: '/secret' })
      const bytes = await place.gateways[preset].exchange(
        requestBytes(place.gateways[preset], line, [...headers, ...lines]),
      )
      t.equal(
        bytes.match(/HTTP\/1\.1 \d/g)?.length,
        1,
        `${preset} ${lines}: one answer, and no other protocol`,
      )
      expectDenied(t, takenApart(bytes), `${preset} ${lines}`, [status, 417])
    }
  }
}

/** A browser that comes to the auth endpoint itself is not the proxy, and learns nothing. */
async function browsersThemselves(t: Test, place: Place): Promise<void> {
  const direct = await place.another(t, {
    server: 'trusted_proxies: [10.0.0.1]',
    forwardAuth: 'preset: haproxy',
  })
  for (const preset of presets) {
    await direct.restart({ forwardAuth: `preset: ${preset}` })
    const same = ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Mode: cors', place.cookie]
    for (const target of ['/oauth2/auth', '/oauth2/auth/', '/oauth2/auth?x', '/oauth2/auth/secret']) {
      const line = `GET ${target}`
      const answer = await send(direct, { line, headers: [] }, same)
      expectDenied(t, answer, `${preset} ${target}`, [400, 404])
      const mimicked = await send(
        direct,
        { line, headers: told(preset, direct, { target: '/secret' }).headers },
        same,
      )
      expectDenied(t, mimicked, `${preset} ${target} with what a proxy sends`, [400, 404])
    }
  }
  // Through the proxy, as one of the pages that it leads to Postern: nothing tells of another request then.
  for (const preset of presets) {
    const gateway = place.gateways[preset]
    const through = [
      `Host: ${hostOf(gateway)}`,
      'X-Forwarded-Proto: http',
      'X-Forwarded-For: 192.0.2.1',
      place.cookie,
    ]
    const answer = await send(gateway, { line: 'GET /oauth2/auth', headers: through })
    expectDenied(t, answer, `${preset} through the proxy`, [400, 404])
  }
}

/** Everything that was logged until here, with marks in whatever must not get there. */
async function secretsInLogs(t: Test, place: Place): Promise<void> {
  const { gateways, cookie } = place
  for (const preset of presets) {
    const marked = [
      `Authorization: Bearer ${mark('Bearer')}`,
      `Cookie: theme=${mark('Theme')}; postern=${mark('Cookie')}`,
      `Referer: http://elsewhere.example/?code=${mark('Referer')}`,
      `X-Auth-Request-Redirect: /x?${mark('Redirect')}`,
    ]
    for (const target of [
      `/secret?token=${mark('Query')}`,
      `/a//b?token=${mark('Query')}`,
      `/public/?${mark('Query')}`,
    ]) {
      await ask(place, preset, { target }, marked)
      await ask(place, preset, { target }, [...marked, 'Accept: text/html', 'Sec-Fetch-Mode: navigate'])
      await ask(place, preset, { target }, [...marked, 'X_Forwarded_Uri: /x'])
    }
    const { headers } = await ask(place, preset, { target: '/secret' }, [cookie])
    const secrets = [
      cookie.replace(/^.*?postern=/, ''),
      headers['authorization']?.[0]?.replace('Bearer ', '') as string,
    ]
    t.ok(secrets.every((secret) => secret.length > 30))
    t.strictSame(findLeaks(gateways[preset].logText(), secrets), [], preset)
    t.match(gateways[preset].logText(), /"reason":"original-conflict"/, 'why a check is refused is told')
  }
}
