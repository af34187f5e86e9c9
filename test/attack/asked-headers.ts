import type { Test } from 'tap'
import {
  type Asked,
  ask,
  expectDenied,
  hostOf,
  type Place,
  type Preset,
  presets,
  send,
  type Told,
  told,
} from './asked.ts'
import type { Checks } from './attacks.ts'

const open = 'open.example.com'

/** Attacks by what stands in the headers of a check: those of the proxy, and those that the client sent through it. */
export function headerChecks(place: () => Place): Checks {
  return {
    'FA-01': (t) => clientsUri(t, place()),
    'FA-02': (t) => clientsUrl(t, place()),
    'FA-03': (t) => clientsMethod(t, place()),
    'FA-04': (t) => clientsHost(t, place()),
    'FA-05': (t) => lists(t, place()),
    'FA-06': (t) => repeated(t, place()),
    'FA-07': (t) => missing(t, place()),
    'FA-08': (t) => underscores(t, place()),
    'FA-09': (t) => otherCase(t, place()),
    'FA-10': (t) => otherFamily(t, place()),
    'FA-11': (t) => ignoredHeaders(t, place()),
    'FA-12': (t) => healthChecks(t, place()),
    'FA-13': (t) => untrustedPeer(t, place()),
    'FA-14': (t) => claimedChain(t, place()),
    'FA-15': (t) => namedInConnection(t, place()),
    'FA-16': (t) => schemes(t, place()),
    'FA-17': (t) => overrides(t, place()),
    'FA-18': (t) => oddMethods(t, place()),
    'FA-19': (t) => unknownMethod(t, place()),
    'FA-51': (t) => writtenMethod(t, place()),
    'FA-52': (t) => disguisedIdentity(t, place()),
    'FA-20': (t) => methodOfTheCheck(t, place()),
  }
}

/** A check that nobody may pass, but could if the header were believed; without it the answer is 401. */
async function spoofed(
  t: Test,
  place: Place,
  {
    preset,
    asked = { target: '/secret' },
    lines,
  }: { preset: Preset; asked?: Asked; lines: readonly string[] },
): Promise<void> {
  const name = `${preset} ${lines.join(' | ')}`
  expectDenied(t, await ask(place, preset, asked), `${name}, without it`, [401])
  for (const more of [lines, [...lines, place.cookie]])
    expectDenied(t, await ask(place, preset, asked, more), name, [400])
  const { headers, line } = told(preset, place.gateways[preset], asked)
  const before = { line, headers: [...lines, ...headers] }
  expectDenied(t, await send(place.gateways[preset], before), `${name}, before the proxy's own`, [400])
}

async function clientsUri(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    for (const value of ['/public/', '/public', '/public/?x=/secret', '/secret?', '/secret/../public/', '']) {
      await spoofed(t, place, { preset, lines: [`X-Forwarded-Uri: ${value}`] })
    }
  }
}

async function clientsUrl(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    const host = hostOf(place.gateways[preset])
    const urls = [`http://${host}/public/`, `http://${open}/secret`, '/public/', `https://${open}/`, '']
    for (const url of urls) await spoofed(t, place, { preset, lines: [`X-Original-URL: ${url}`] })
    for (const uri of ['/public/', '', 'secret']) {
      await spoofed(t, place, { preset, lines: [`X-Original-URI: ${uri}`] })
    }
    const same = await ask(place, preset, { target: '/secret' }, ['X-Original-URI: /secret'])
    expectDenied(t, same, 'one that says the same changes nothing', [401])
  }
}

async function clientsMethod(t: Test, place: Place): Promise<void> {
  const asked = { target: '/orders/1', method: 'POST' }
  for (const preset of presets) {
    for (const header of ['X-Forwarded-Method', 'X-Original-Method']) {
      for (const method of ['GET', 'get', 'HEAD', 'OPTIONS', '']) {
        await spoofed(t, place, { preset, asked, lines: [`${header}: ${method}`] })
      }
    }
    const read = await ask(place, preset, { ...asked, method: 'GET' })
    t.equal(read.status, 200, 'whoever reads may')
  }
}

async function clientsHost(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    t.equal((await ask(place, preset, { target: '/secret', host: open })).status, 200, 'what is open there')
    for (const host of [open, `${open}:80`, `localhost, ${open}`, '']) {
      await spoofed(t, place, { preset, lines: [`X-Forwarded-Host: ${host}`] })
    }
  }
  const { gateways } = place
  const { line, headers } = told('nginx', gateways.nginx, { target: '/secret' })
  const other = headers.map((header) => header.replace(/^Host: .*/, `Host: ${open}`))
  expectDenied(t, await send(gateways.nginx, { line, headers: other }), 'nginx: two hosts', [400])
}

/** The headers by which a preset tells, without those that are nobody's. */
function own({ headers }: Told, preset: Preset): string[] {
  return headers.filter((line) =>
    preset === 'envoy'
      ? /^(?:host|x-forwarded-proto):/i.test(line)
      : /^x-/i.test(line) || (preset === 'nginx' && /^host:/i.test(line)),
  )
}

const value = (line: string) => line.slice(line.indexOf(': ') + 2)
const nameOf = (line: string) => line.slice(0, line.indexOf(':'))

async function lists(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    const gateway = place.gateways[preset]
    const { line, headers } = told(preset, gateway, { target: '/public/' })
    t.equal((await send(gateway, { line, headers })).status, 200, preset)
    for (const one of own({ line, headers }, preset)) {
      for (const written of [
        `${one}, ${value(one)}`,
        `${one},`,
        `${nameOf(one)}: , ${value(one)}`,
        `${one} ${value(one)}`,
        `${one}; x`,
      ]) {
        const listed = headers.map((header) => (header === one ? written : header))
        // A comma, a blank or a semicolon may be part of a path: then that is the path, and the rules say who may.
        const isPath = /uri|url/i.test(nameOf(one))
        const answer = await send(gateway, { line, headers: listed })
        if (isPath && answer.status === 200) t.match(written, /\/public\/[,;]/, 'still below what is public')
        else expectDenied(t, answer, `${preset} ${written}`)
      }
    }
  }
}

async function repeated(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    const gateway = place.gateways[preset]
    const { line, headers } = told(preset, gateway, { target: '/public/' })
    for (const one of own({ line, headers }, preset)) {
      for (const second of [one, `${nameOf(one)}: `, `${nameOf(one)}:${value(one)}`]) {
        for (const both of [
          [...headers, second],
          [second, ...headers],
        ]) {
          expectDenied(t, await send(gateway, { line, headers: both }), `${preset} ${second} twice`, [400])
        }
      }
    }
  }
}

async function missing(t: Test, place: Place): Promise<void> {
  // One of its own: where a check told no method, none is believed for a while.
  const nginx = await place.another(t, { forwardAuth: 'preset: nginx' })
  for (const preset of presets) {
    const gateway = preset === 'nginx' ? nginx : place.gateways[preset]
    const { line, headers } = told(preset, gateway, { target: '/public/' })
    for (const one of own({ line, headers }, preset)) {
      const name = `${preset} ${nameOf(one)}`
      const empty = headers.map((header) => (header === one ? `${nameOf(one)}: ` : header))
      for (const more of [[], [place.cookie]]) {
        expectDenied(t, await send(gateway, { line, headers: empty }, more), `${name} empty`, [400, 403])
      }
      const without = headers.filter((header) => header !== one)
      const answer = await send(gateway, { line, headers: without }, /^host:/i.test(one) ? ['Host: '] : [])
      if (mayMiss(preset, one)) t.equal(answer.status, 200, `${name} need not be told`)
      else expectDenied(t, answer, `${name} missing`, [400])
    }
    const nothing = await send(gateway, { line: 'GET /oauth2/auth', headers: [] }, [place.cookie])
    expectDenied(t, nothing, `${preset} nothing at all`, [400, 404])
  }
}

/** Without these less is known, and what is known is judged as strictly. */
function mayMiss(preset: Preset, line: string): boolean {
  const optional = { nginx: /^x-forwarded-(?:host|proto|method):/i, envoy: /^x-forwarded-proto:/i }
  return preset in optional && optional[preset as 'nginx' | 'envoy'].test(line)
}

async function underscores(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    for (const line of [
      'X_Forwarded_Uri: /public/',
      'X-Forwarded_Uri: /public/',
      'x_forwarded-uri: /secret',
      'X_Forwarded_Method: GET',
      'X_FORWARDED_HOST: open.example.com',
      'X_Forwarded_Proto: https',
      'X_Original_URL: /public/',
      'X-Original_URI: /public/',
      'X_ORIGINAL_METHOD: GET',
    ]) {
      await spoofed(t, place, { preset, lines: [line] })
    }
  }
}

async function otherCase(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    const gateway = place.gateways[preset]
    for (const spell of [(name: string) => name.toLowerCase(), (name: string) => name.toUpperCase()]) {
      const { line, headers } = told(preset, gateway, { target: '/secret' })
      const spelled = headers.map((header) => spell(nameOf(header)) + header.slice(nameOf(header).length))
      expectDenied(t, await send(gateway, { line, headers: spelled }), preset, [401])
      t.equal(
        (await send(gateway, { line, headers: spelled }, [place.cookie])).status,
        200,
        'names have no case',
      )
      for (const name of ['X-Forwarded-Uri', 'X-Original-URL']) {
        const both = [...headers, `${spell(name)}: /public/`]
        expectDenied(
          t,
          await send(gateway, { line, headers: both }),
          `${preset} ${name} in another case`,
          [400],
        )
      }
    }
  }
}

/** What one preset reads is not read by another, whatever the client sends. */
async function otherFamily(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    const gateway = place.gateways[preset]
    for (const other of presets) {
      // nginx reads what is told as haproxy does when both hosts are one, and Envoy asks at another address.
      const isSame =
        preset === other ||
        (preset === 'nginx' && other === 'haproxy') ||
        (preset === 'haproxy' && other === 'nginx')
      if (isSame) continue
      const { line, headers } = told(other, gateway, { target: '/public/' })
      const answer = await send(gateway, { line, headers })
      expectDenied(t, answer, `${preset} asked as by ${other}`, [400, 404])
    }
  }
  const { nginx, haproxy } = place.gateways
  const internal = told('haproxy', nginx, { target: '/public/' })
  expectDenied(t, await send(nginx, internal), 'nginx: the Host is not the one that was asked for', [400])
  const bare = {
    line: 'GET /oauth2/auth',
    headers: [`Host: ${hostOf(haproxy)}`, 'X-Forwarded-Uri: /public/'],
  }
  expectDenied(t, await send(haproxy, bare), 'haproxy: less than all', [400])
}

/** Headers that other gateways read; here they mean nothing. */
async function ignoredHeaders(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    const { origin } = place.gateways[preset]
    for (const line of [
      'X-Forwarded-Prefix: /public',
      'X-Rewrite-URL: /public/',
      'X-Envoy-Original-Path: /public/',
      'X-Auth-Request-Redirect: /public/',
      'Forwarded: for=127.0.0.1;host=open.example.com;proto=https',
      'X-Original-Host: open.example.com',
      'X-Forwarded-Server: open.example.com',
      'X-Forwarded-Port: 443',
      'X-Host: open.example.com',
      'X-Real-IP: 127.0.0.1',
      'X-Auth-Request-User: root',
      'X-Auth-Request-Groups: admins',
      'X-Forwarded-User: root',
      'Remote-User: root',
      `Referer: ${origin}/public/`,
      'Authorization: Basic cm9vdDpyb290',
      'X-Sent-From: nginx-ingress-controller',
    ]) {
      const name = `${preset} ${line}`
      expectDenied(t, await ask(place, preset, { target: '/secret' }, [line]), name, [401])
      expectDenied(t, await ask(place, preset, { target: '/admin/' }, [line, place.cookie]), name, [403])
      const { status, headers } = await ask(place, preset, { target: '/secret' }, [line, place.cookie])
      t.strictSame([status, headers['x-auth-request-user']], [200, ['alice']], name)
    }
  }
}

async function healthChecks(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    for (const agent of [
      'GoogleHC/1.0',
      'kube-probe/1.29',
      'ELB-HealthChecker/2.0',
      'Envoy/HC',
      'oauth2-proxy',
      '',
    ]) {
      for (const target of ['/secret', '/ping', '/ready', '/healthz', '/robots.txt', '/']) {
        const answer = await ask(place, preset, { target }, [`User-Agent: ${agent}`])
        expectDenied(t, answer, `${preset} ${agent} ${target}`, [401])
      }
    }
  }
}

async function untrustedPeer(t: Test, place: Place): Promise<void> {
  const nobody = await place.another(t, {
    server: 'trusted_proxies: [10.0.0.0/8, "::1"]',
    forwardAuth: 'preset: haproxy',
  })
  for (const preset of presets) {
    await nobody.restart({ forwardAuth: `preset: ${preset}` })
    for (const lines of [
      [],
      ['X-Forwarded-For: 10.0.0.1'],
      ['X-Forwarded-For: 10.0.0.1, 10.0.0.2'],
      ['X-Real-IP: 10.0.0.1'],
      ['Forwarded: for=10.0.0.1'],
      ['X-Forwarded-For: ::1'],
    ]) {
      for (const target of ['/public/', '/secret']) {
        const answer = await send(nobody, told(preset, nobody, { target }), [...lines, place.cookie])
        expectDenied(t, answer, `${preset} ${target} ${lines}`, [400])
      }
    }
  }
  t.match(nobody.logText(), /"reason":"check-untrusted"/)
  const unsaid = await place
    .another(t, { server: 'trusted_proxies: []', forwardAuth: 'preset: haproxy' })
    .catch((error: Error) => error)
  if (unsaid instanceof Error) t.match(unsaid.message, /trusted_proxies/, 'it must be said who asks')
  else expectDenied(t, await send(unsaid, told('haproxy', unsaid, { target: '/public/' })), 'nobody', [400])
}

/** Who the client is changes nothing but the log, and there the chain is read from its trusted end. */
async function claimedChain(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    for (const chain of [
      '127.0.0.1',
      '192.0.2.9, 127.0.0.1',
      '127.0.0.1, 192.0.2.9',
      'unknown',
      '::ffff:127.0.0.1',
      'a,,b',
    ]) {
      const answer = await ask(place, preset, { target: '/secret' }, [`X-Forwarded-For: ${chain}`])
      expectDenied(t, answer, `${preset} ${chain}`, [401])
    }
    const { logs } = place.gateways[preset]
    await ask(place, preset, { target: '/chain' }, ['X-Forwarded-For: 198.51.100.1, 192.0.2.9, 127.0.0.1'])
    t.match(
      logs().findLast(({ path }) => path === '/chain'),
      { client: '192.0.2.9' },
      'the first that nobody vouches for',
    )
  }
}

async function namedInConnection(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    const names =
      'X-Forwarded-Uri, X-Original-URL, X-Forwarded-Host, X-Forwarded-Method, Cookie, Authorization'
    for (const connection of [`Connection: close, ${names}`, `Connection: ${names}\r\nConnection: close`]) {
      const hidden = await ask(place, preset, { target: '/secret' }, [connection])
      expectDenied(t, hidden, preset, [401])
      const admin = await ask(place, preset, { target: '/admin/' }, [connection, place.cookie])
      expectDenied(t, admin, preset, [403])
    }
  }
}

async function schemes(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    for (const proto of [
      'https, http',
      'HTTP',
      'javascript',
      'http:',
      ' ',
      'h2c',
      '__proto__',
      'http\thttp',
    ]) {
      const answer = await ask(place, preset, { target: '/public/', proto })
      expectDenied(t, answer, `${preset} ${JSON.stringify(proto)}`, [400])
    }
    for (const proto of ['http', 'https']) {
      const page = ['Accept: text/html', 'Sec-Fetch-Mode: navigate']
      const answer = await ask(place, preset, { target: '/secret', proto }, page)
      const { origin } = place.gateways[preset]
      t.match(
        answer.headers['x-auth-request-redirect'],
        [`${origin}/oauth2/start?`],
        'links are those of the configuration',
      )
    }
  }
}

async function overrides(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    for (const line of [
      'X-HTTP-Method-Override: GET',
      'X-HTTP-Method: GET',
      'X-Method-Override: GET',
      'X_HTTP_Method_Override: GET',
    ]) {
      for (const target of ['/orders/1', '/orders/1?_method=GET', '/orders/1?method=GET']) {
        expectDenied(
          t,
          await ask(place, preset, { target, method: 'POST' }, [line]),
          `${preset} ${line}`,
          [401],
        )
        const mine = await ask(place, preset, { target, method: 'POST' }, [line, place.cookie])
        expectDenied(t, mine, `${preset} ${line}`, [403])
      }
    }
  }
}

async function oddMethods(t: Test, place: Place): Promise<void> {
  const dead = [400, 401, 403, 404]
  for (const preset of presets) {
    for (const method of ['TRACE', 'CONNECT', 'TRACK', 'NOPE', 'PRI', 'CONSTRUCTOR', 'GETX']) {
      for (const target of ['/secret', '/public/', '/orders/1']) {
        const answer = await ask(place, preset, { target, method }, [place.cookie])
        expectDenied(t, answer, `${preset} ${method} ${target}`, dead)
      }
    }
    for (const method of [
      'get',
      'Get',
      'GET,POST',
      '__proto__',
      'constructor',
      'G%45T',
      'GET\u00a0',
      'X'.repeat(40),
    ]) {
      for (const target of ['/public/', '/orders/1']) {
        expectDenied(
          t,
          await ask(place, preset, { target, method }, [place.cookie]),
          `${preset} ${method}`,
          dead,
        )
      }
    }
    expectDenied(
      t,
      await ask(place, preset, { target: '/orders/1', method: 'DELETE' }, [place.cookie]),
      preset,
      [403],
    )
    t.equal(
      (await ask(place, preset, { target: '/orders/1', method: 'HEAD' })).status,
      200,
      'HEAD is judged as GET',
    )
  }
}

/** nginx that does not tell the method: what it may be is unknown, whatever the client says. */
async function unknownMethod(t: Test, place: Place): Promise<void> {
  const nginx = await place.another(t, { forwardAuth: 'preset: nginx' })
  const bare = (target: string) => ({
    line: 'GET /oauth2/auth',
    headers: [`Host: ${hostOf(nginx)}`, `X-Forwarded-Uri: ${target}`],
  })
  t.equal((await send(nginx, bare('/public/'))).status, 200)
  t.equal((await send(nginx, bare('/secret'), [place.cookie])).status, 200)
  expectDenied(t, await send(nginx, bare('/secret')), 'nobody', [401])
  for (const more of [[], [place.cookie], ['X-Original-Method: GET'], ['X-HTTP-Method-Override: GET']]) {
    expectDenied(t, await send(nginx, bare('/orders/1'), more), `routes that differ: ${more}`, [400])
  }
  const ignoring = await place.another(t, { forwardAuth: 'preset: nginx, original_method: ignored' })
  const there = (target: string) => ({
    line: 'GET /oauth2/auth',
    headers: [`Host: ${hostOf(ignoring)}`, `X-Forwarded-Uri: ${target}`],
  })
  for (const more of [
    [],
    ['X-Forwarded-Method: GET'],
    ['X-Original-Method: GET'],
    ['X-Forwarded-Method: HEAD'],
  ]) {
    expectDenied(t, await send(ignoring, there('/orders/1'), more), `nobody: ${more}`, [401])
    const mine = await send(ignoring, there('/orders/1'), [...more, place.cookie])
    expectDenied(t, mine, `every route must let it pass: ${more}`, [403])
  }
  t.equal((await send(ignoring, there('/api/'), ['X-Forwarded-Method: GET', place.cookie])).status, 200)
  const foreign = ['Origin: https://evil.example', 'X-Forwarded-Method: GET', place.cookie]
  expectDenied(
    t,
    await send(ignoring, there('/api/'), foreign),
    'it may be one that changes something',
    [403],
  )
}

/** nginx that does not set the method lets clients write one, all that usually goes with it included. */
async function writtenMethod(t: Test, place: Place): Promise<void> {
  const nginx = await place.another(t, { forwardAuth: 'preset: nginx' })
  const written = told('nginx', nginx, { target: '/orders/1', method: 'GET' })
  t.equal((await send(nginx, written)).status, 200, 'believed while every check tells one')
  const bare = [`Host: ${hostOf(nginx)}`, 'X-Forwarded-Uri: /public/']
  t.equal((await send(nginx, { line: written.line, headers: bare })).status, 200)
  expectDenied(t, await send(nginx, written), 'somebody does not set it', [400])
  expectDenied(t, await send(nginx, written, [place.cookie]), 'signed in or not', [400])
  nginx.advance(580)
  expectDenied(t, await send(nginx, written), 'for ten minutes', [400])
  nginx.advance(20)
  t.equal((await send(nginx, written)).status, 200)
}

/** Spellings of what a check tells, which no proxy overwrites and many a service takes for the same. */
async function disguisedIdentity(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    for (const line of [
      'X_Auth_Request_User: root',
      'X-Auth-Request_Email: root@example.com',
      'x_auth_request_groups: admins',
      'X.Auth.Request.User: root',
      'X_Auth_Request_Access_Token: evil',
    ]) {
      const answer = await ask(place, preset, { target: '/secret' }, [place.cookie, line])
      expectDenied(t, answer, `${preset} ${line}`, [403])
      const open = await ask(place, preset, { target: '/public/' }, [line])
      expectDenied(t, open, `${preset} public, ${line}`, [403])
    }
    t.equal((await ask(place, preset, { target: '/public/' }, ['X_Other: 1'])).status, 200)
  }
}

/** Where another header tells the method, that of the check itself says nothing. */
async function methodOfTheCheck(t: Test, place: Place): Promise<void> {
  for (const preset of presets.filter((name) => name !== 'envoy')) {
    const gateway = place.gateways[preset]
    for (const method of ['HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND']) {
      const line = `${method} /oauth2/auth`
      const { headers } = told(preset, gateway, { target: '/orders/1', method: 'POST' })
      expectDenied(t, await send(gateway, { line, headers }), `${preset} ${line}`, [401])
      const { headers: read } = told(preset, gateway, { target: '/orders/1', method: 'GET' })
      t.equal((await send(gateway, { line, headers: read })).status, 200, `${preset} ${line}`)
    }
    const preflight = ['Origin: https://evil.example', 'Access-Control-Request-Method: GET']
    const line = 'OPTIONS /oauth2/auth'
    const { headers } = told(preset, gateway, { target: '/secret' })
    expectDenied(t, await send(gateway, { line, headers }, preflight), `${preset} is no preflight`, [401])
  }
}
