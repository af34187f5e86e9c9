import type { Test } from 'tap'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { cookieLine, headsAt, type Scene, startSignedIn, valuesOf } from '../support/scene.ts'
import { type Asker, handshake, nameOf, type Original, pageView, script } from './asker.ts'
import { wholeAnswer } from './whole-answer.ts'

const api = 'https://api.example.com'
const spa = 'https://spa.example.com'
const foreign = 'https://evil.example'

const session = 'credentials: [session]'
const routes = [
  `path: /**, access: authenticated, ${session}`,
  'path: /public/**, access: public',
  'path: /own-login/**, access: public, authorization: pass',
  `path: /optional/**, access: optional, ${session}`,
  `path: /admin/**, scopes: [admin], ${session}`,
  `path: /orders/**, methods: [GET], scopes: ["orders:read"], ${session}`,
  `path: /orders/**, methods: [POST], scopes: ["orders:write"], ${session}`,
  `path: /cors/**, access: authenticated, cors: { origins: ["${spa}"], methods: [GET, PUT], headers: [X-Thing] }, ${session}`,
  'path: /api/**, access: authenticated, credentials: [bearer], scopes: [api.read]',
]

/** A gateway that one proxy asks; alice is signed in. */
type Place = Readonly<{
  asker: Asker
  scene: Scene
  host: string
  /** The access token of alice, as a service behind the gateway itself would get it. */
  token: string
  /** The Cookie header line of alice. */
  cookie: string
  /** A bearer token for the API, of alice. */
  bearer: string
  ask: (original: Partial<Original>, query?: string) => Promise<string[]>
}>

const always = [
  'cache-control: no-store',
  'x-content-type-options: nosniff',
  'x-frame-options: DENY',
  'cross-origin-resource-policy: same-origin',
]
const plain = [
  ...always,
  "content-security-policy: default-src 'none'; frame-ancestors 'none'",
  'referrer-policy: no-referrer',
]

/** What every proxy must be answered, whatever its way of asking. */
export async function testContract(t: Test, asker: Asker): Promise<void> {
  const place = await startPlace(t, asker)
  const cases: Readonly<Record<string, (t: Test, place: Place) => Promise<void>>> = {
    'somebody who is signed in': signedIn,
    'a page view of nobody': strangersPage,
    'a script of nobody': strangersScript,
    'a public page': publicPage,
    'somebody who may not': notAllowed,
    'what nobody may': nobodysRequests,
    'a bearer token': bearerToken,
    'a WebSocket handshake': webSocket,
    'a preflight': preflight,
    'a POST': post,
    'a check that says too little or too much': wrongChecks,
    'conditions in the address of the check': constraints,
    'a mode in the address of the check': modes,
    'another status, other headers, other tokens': otherHeaders,
    'a renewed session': renewed,
  }
  for (const [name, test] of Object.entries(cases)) await t.test(name, (t) => test(t, place))
  await t.test('a session of several cookies', (t) => severalCookies(t, asker))
}

async function startPlace(t: Test, asker: Asker): Promise<Place> {
  const issuer = await startAuthorizationServer(t, { resources: { [api]: 'jwt' } })
  const { access_token: bearer } = await issuer.signIn('alice', { resource: api })
  const scene = await startSignedIn(t, {
    routes,
    server: 'trusted_proxies: [127.0.0.1]',
    forwardAuth: `preset: ${asker.preset}`,
    bearer: `issuers: [{ issuer: "${issuer.issuer}", audience: "${api}" }]`,
    provider: { accessTokenTtl: 300 },
  })
  return { ...placeOf(asker, scene), bearer, token: await tokenOf(scene) }
}

function placeOf(asker: Asker, scene: Scene) {
  const { gateway } = scene
  const host = gateway.origin.slice(7)
  const ask = ({ method = 'GET', target = '/', headers = script, body }: Partial<Original>, query = '') =>
    wholeAnswer(
      gateway,
      asker.bytes({ method, target, headers, ...(body !== undefined && { body }) }, host, query),
    )
  return { asker, scene, host, cookie: cookieLine(scene), ask }
}

/** Asks for a page past the proxy. */
async function tokenOf({ gateway, browser, upstream }: Scene): Promise<string> {
  await browser.fetch(`${gateway.origin}/token`)
  const [bearer = ''] = valuesOf(headsAt(upstream).at(-1), 'authorization')
  return bearer.replace('Bearer ', '')
}

/** The end of a head, as Node writes it. */
function connection({ keepsAlive }: Asker): string[] {
  return keepsAlive ? ['Connection: keep-alive', 'Keep-Alive: timeout=75'] : ['Connection: close']
}

type Caller = Readonly<{ user?: string; email?: string; groups?: string; name?: string; token?: string }>

/** The whole of an answer that allows. */
function allowed(asker: Asker, { user = '', email = '', groups = '', name = '', token }: Caller = {}) {
  return [
    'HTTP/1.1 200 OK',
    'cache-control: private, no-store',
    `x-auth-request-user: ${user}`,
    `x-auth-request-email: ${email}`,
    `x-auth-request-groups: ${groups}`,
    `x-auth-request-preferred-username: ${name}`,
    `authorization: ${token === undefined ? '' : `Bearer ${token}`}`,
    ...connection(asker),
    '',
  ]
}

const alice = { user: 'alice', email: 'alice@example.com', groups: 'staff', name: 'alice' }

/** The whole of a refusal for a program: its headers beside the usual ones, and what its body says. */
function refused(
  asker: Asker,
  status: string,
  headers: readonly string[],
  body: object,
  isLast = false,
): string[] {
  return [
    `HTTP/1.1 ${status}`,
    ...plain,
    ...headers,
    ...(isLast ? ['connection: close'] : []),
    ...(isLast ? [] : connection(asker)),
    JSON.stringify(body),
  ]
}

const problemType = 'content-type: application/problem+json; charset=utf-8'
const jsonType = 'content-type: application/json; charset=utf-8'

function problem(status: number, title: string, detail: string, reason: string) {
  return { type: 'about:blank', title, status, detail, reason, request_id: '…' }
}

function notAllowedProblem(reason: string) {
  return problem(403, 'Forbidden', 'This address is not open to you, or nothing is served at it.', reason)
}

function badCheck(asker: Asker, reason: string): string[] {
  const detail = 'The address or the headers of this request are not in a form that can be passed on safely.'
  return refused(asker, '400 Bad Request', [problemType], problem(400, 'Bad Request', detail, reason))
}

/** Where a page view signs in; the address that was asked for comes back whole. */
function startOf({ scene: { gateway } }: Place, target: string): string {
  return `${gateway.origin}/oauth2/start?rd=${encodeURIComponent(gateway.origin + target)}`
}

function redirect(asker: Asker, location: string): string[] {
  return [
    'HTTP/1.1 302 Found',
    ...plain,
    `location: ${location}`,
    'content-type: text/plain; charset=utf-8',
    ...connection(asker),
    '',
  ]
}

/** The 401 of nobody; `redirect` is where a page view signs in. */
function strangers(place: Place, target?: string, isLast = false): string[] {
  const { asker, scene } = place
  const { origin } = scene.gateway
  const told = problem(401, 'Unauthorized', 'Sign in at login_url, then try again.', 'no-session')
  const headers = [
    jsonType,
    `www-authenticate: Bearer realm="${origin}"`,
    ...(target === undefined ? [] : [`x-auth-request-redirect: ${startOf(place, target)}`]),
  ]
  const body = { error: 'login_required', login_url: `${origin}/oauth2/start`, ...told }
  return refused(asker, '401 Unauthorized', headers, body, isLast)
}

async function signedIn(t: Test, { asker, ask, cookie, token }: Place): Promise<void> {
  const yes = allowed(asker, { ...alice, token })
  for (const target of ['/', '/a?b=c&d=%2F', '/orders/1', '/a%20b/%C3%A9', '/x?y=/../z']) {
    t.strictSame(await ask({ target, headers: [...pageView, cookie] }), yes, `page ${target}`)
    t.strictSame(await ask({ target, headers: [...script, cookie] }), yes, `script ${target}`)
  }
  t.strictSame(await ask({ target: '/optional/', headers: [cookie] }), yes, 'who need not be')
  t.strictSame(
    await ask({ target: '/public/', headers: [cookie] }),
    allowed(asker),
    'where nobody is anybody',
  )
  const spoofed = ['X-Auth-Request-User: root', 'X-Auth-Request-Groups: admins', 'Authorization: Bearer mine']
  t.strictSame(await ask({ headers: [cookie, ...spoofed] }), yes, 'whatever a client says it is')
}

async function strangersPage(t: Test, place: Place): Promise<void> {
  const { asker, ask } = place
  for (const target of ['/', '/a?b=c&d=%2F', '/admin/', '/a%20b?rd=https://evil.example/']) {
    for (const method of ['GET', 'HEAD']) {
      const answer = await ask({ target, method, headers: pageView })
      const whole = asker.isRedirecting ? redirect(asker, startOf(place, target)) : strangers(place, target)
      t.strictSame(heading(answer, method, asker), heading(whole, method, asker), `${method} ${target}`)
    }
  }
  const broken = await ask({ headers: [...pageView, 'Cookie: postern=broken'] })
  const whole = asker.isRedirecting ? redirect(asker, startOf(place, '/')) : strangers(place, '/')
  const cookies = broken.filter((line) => line.startsWith('set-cookie: '))
  t.strictSame(cookies, [
    'set-cookie: postern=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; HttpOnly; SameSite=Lax',
  ])
  t.strictSame(
    broken.filter((line) => !line.startsWith('set-cookie: ')).sort(),
    [...whole].sort(),
    'a broken cookie is none',
  )
}

/** Of a check that itself is a HEAD there is no body. */
function heading(answer: readonly string[], method: string, { preset }: Asker): readonly string[] {
  return preset === 'envoy' && method === 'HEAD' ? answer.slice(0, -1) : answer
}

async function strangersScript(t: Test, place: Place): Promise<void> {
  const { ask } = place
  const whole = strangers(place)
  t.strictSame(await ask({ target: '/a' }), whole)
  t.strictSame(await ask({ headers: [...pageView, 'Sec-Fetch-Mode: cors'].slice(2) }), whole)
  t.strictSame(await ask({ headers: [] }), whole, 'a program')
  t.strictSame(await ask({ headers: ['Accept: text/html', 'X-Requested-With: XMLHttpRequest'] }), whole)
  t.strictSame(await ask({ headers: ['Accept: text/event-stream'] }), whole)
}

async function publicPage(t: Test, { asker, ask }: Place): Promise<void> {
  for (const target of ['/public/', '/public/x?y', '/optional/x']) {
    t.strictSame(await ask({ target, headers: pageView }), allowed(asker), target)
    t.strictSame(await ask({ target, method: 'DELETE' }), allowed(asker), target)
  }
  const basic = 'Authorization: Basic YWxpY2U6c2VjcmV0'
  const passed = allowed(asker).map((line) => line.replace(/^authorization: $/, basic.replace('A', 'a')))
  t.strictSame(
    await ask({ target: '/own-login/', headers: [basic] }),
    passed,
    'what the service itself asks for stays',
  )
  t.strictSame(await ask({ target: '/own-login/' }), allowed(asker))
  t.strictSame(
    await ask({ target: '/public/', headers: [basic] }),
    allowed(asker),
    'elsewhere it is taken out',
  )
}

async function notAllowed(t: Test, place: Place): Promise<void> {
  const { asker, ask, cookie, scene } = place
  const answer = await ask({ target: '/admin/', headers: [...script, cookie] })
  const challenge = `www-authenticate: Bearer realm="${scene.gateway.origin}", error="insufficient_scope", error_description="More scope is needed than was granted", scope="admin"`
  t.strictSame(
    answer,
    refused(asker, '403 Forbidden', [problemType, challenge], {
      error: 'insufficient_scope',
      scope: 'admin',
      ...problem(
        403,
        'Forbidden',
        'Your account lacks a permission that this page asks for.',
        'missing-scope',
      ),
      missing: { scopes: ['admin'] },
    }),
  )
  const page = await ask({ target: '/admin/', headers: [...pageView, cookie] })
  t.match(page, ['HTTP/1.1 403 Forbidden', ...always, 'content-type: text/html; charset=utf-8'])
  t.match(page.at(-1), /^<!doctype html>/i, 'a page for a person')
  t.notOk(page.some((line) => /^(?:set-cookie|location|x-auth-request-redirect):/.test(line)))
}

async function nobodysRequests(t: Test, { asker, ask, cookie }: Place): Promise<void> {
  const headers = [...script, cookie]
  const no = (reason: string) => refused(asker, '403 Forbidden', [problemType], notAllowedProblem(reason))
  t.strictSame(await ask({ target: '/orders/1', method: 'DELETE', headers }), no('wrong-method'))
  t.strictSame(await ask({ target: '/oauth2/sign_out', headers }), no('own-endpoint'))
  t.strictSame(await ask({ target: '/oauth2', headers }), no('own-endpoint'))
  t.strictSame(await ask({ target: '/a//b', headers }), no('target-needs-opt-in'))
  t.strictSame(await ask({ target: '/a%2Fb', headers }), no('target-needs-opt-in'))
}

async function bearerToken(t: Test, { asker, ask, bearer, cookie, scene }: Place): Promise<void> {
  const authorization = `Authorization: Bearer ${bearer}`
  // The token says nothing about her name.
  const yes = allowed(asker, { ...alice, name: '', token: bearer })
  t.strictSame(await ask({ target: '/api/', headers: [authorization] }), yes)
  t.strictSame(await ask({ target: '/api/', method: 'DELETE', headers: [authorization] }), yes)
  const realm = `www-authenticate: Bearer realm="${scene.gateway.origin}"`
  const challenge = (answer: readonly string[]) =>
    answer.filter((line) => line.startsWith('www-authenticate: '))
  const wrong = await ask({ target: '/api/', headers: [`${authorization}x`, cookie] })
  t.match(wrong[0], '401')
  t.ok(challenge(wrong)[0]?.startsWith(`${realm}, error="invalid_token"`), 'and no session takes its place')
  const none = await ask({ target: '/api/', headers: [...pageView, cookie] })
  t.match(none[0], '401')
  t.notOk(
    none.some((line) => /^(?:location|x-auth-request-redirect):/.test(line)),
    'no login makes a token',
  )
  t.match(challenge(none), [/ scope="api.read"/])
  const malformed = await ask({ target: '/api/', headers: ['Authorization: Bearer a b'] })
  t.match(malformed[0], '401', 'never 400, which would mean that the check is wrong')
}

async function webSocket(t: Test, place: Place): Promise<void> {
  const { asker, ask, cookie, token, scene } = place
  const from = (origin: string) => ({ headers: [...handshake, `Origin: ${origin}`, cookie] })
  t.strictSame(await ask(from(scene.gateway.origin)), allowed(asker, { ...alice, token }))
  const no = refused(
    asker,
    '403 Forbidden',
    [problemType],
    problem(
      403,
      'Forbidden',
      'This request came from another site and would have changed something here in your name.',
      'cross-site',
    ),
    true,
  )
  t.strictSame(await ask(from(foreign)), no, 'a foreign Origin')
  t.strictSame(await ask(from('null')), no)
  t.strictSame(await ask({ headers: [...handshake, cookie] }), no, 'no Origin')
  t.strictSame(
    await ask({ headers: [...handshake, `Origin: ${scene.gateway.origin}`] }),
    strangers(place, undefined, true),
  )
  const overHttp2 = ['Sec-WebSocket-Version: 13', `Origin: ${foreign}`, cookie]
  t.strictSame(await ask({ headers: overHttp2 }), no, 'over HTTP/2 there is no key')
  const byBrowser = ['Sec-Fetch-Mode: websocket', `Origin: ${foreign}`, cookie]
  t.strictSame(await ask({ headers: byBrowser }), no, 'and browsers say what it is')
  t.strictSame(
    await ask({ target: '/public/', headers: [...handshake, `Origin: ${foreign}`] }),
    allowed(asker),
    'where there is no session to use',
  )
}

async function preflight(t: Test, { asker, ask, token, cookie }: Place): Promise<void> {
  const asking = (origin: string, method: string, more: readonly string[] = []) => ({
    method: 'OPTIONS',
    target: '/cors/x',
    headers: [`Origin: ${origin}`, `Access-Control-Request-Method: ${method}`, ...more],
  })
  t.strictSame(await ask(asking(spa, 'PUT')), allowed(asker), 'the service answers it')
  t.strictSame(await ask(asking(spa, 'PUT', [cookie])), allowed(asker), 'with nobody’s token')
  for (const [origin, method] of [
    [foreign, 'PUT'],
    [spa, 'DELETE'],
    [spa, 'TRACE'],
    [spa, 'put'],
  ] as const) {
    t.strictSame(
      await ask(asking(origin, method)),
      refused(asker, '403 Forbidden', [problemType], notAllowedProblem('cors-refused')),
      `${method} of ${origin}`,
    )
  }
  const elsewhere = await ask({ ...asking(spa, 'PUT'), target: '/x' })
  t.match(elsewhere[0], '401', 'where there is no policy it is a request like any other')
  const own = await ask({ ...asking(spa, 'PUT', [cookie]), target: '/x' })
  t.strictSame(own, allowed(asker, { ...alice, token }))
}

async function post(t: Test, { asker, ask, cookie, token, scene }: Place): Promise<void> {
  const yes = allowed(asker, { ...alice, token })
  const sending = (headers: readonly string[], body = '') => ({
    method: 'POST',
    target: '/orders/',
    headers: ['Content-Type: application/json', `Content-Length: ${body.length}`, cookie, ...headers],
    body,
  })
  t.strictSame(await ask(sending([`Origin: ${scene.gateway.origin}`])), yes)
  t.strictSame(await ask(sending([`Origin: ${scene.gateway.origin}`], '{ not json')), yes, 'with a body')
  t.strictSame(await ask(sending([])), yes, 'a program')
  for (const headers of [
    [`Origin: ${foreign}`],
    ['Origin: null'],
    ['Sec-Fetch-Site: cross-site'],
    ['Sec-Fetch-Site: same-site'],
    ['Origin: null', 'Sec-Fetch-Site: cross-site'],
  ]) {
    const answer = await ask(sending(headers))
    t.match(answer[0], 'HTTP/1.1 403 Forbidden', headers.join())
    t.match(answer.at(-1), '"reason":"cross-site"', headers.join())
    t.notOk(answer.some((line) => /^(?:authorization|x-auth-request|set-cookie)/.test(line)))
  }
}

async function wrongChecks(t: Test, { asker, ask, cookie, host, scene }: Place): Promise<void> {
  const headers = [...script, cookie]
  if (asker.hasQuery) {
    for (const query of ['?mode=', '?mode=allow', '?mode=redirect&mode=status']) {
      t.strictSame(await ask({ headers }, query), badCheck(asker, 'check-invalid'), query)
    }
  }
  const bytes = asker.bytes({ method: 'GET', target: '/', headers }, host)
  for (const line of bytes
    .split('\r\n')
    .filter((line) => /^x-(?:original|forwarded)-(?:url|uri|method|host):/i.test(line))) {
    const twice = await wholeAnswer(scene.gateway, bytes.replace(line, `${line}\r\n${line}`))
    t.strictSame(twice, badCheck(asker, 'original-repeated'), line)
    if (nameOf(line) === 'x-original-uri') continue // It only says the same once more.
    const none = await wholeAnswer(scene.gateway, bytes.replace(`${line}\r\n`, ''))
    t.strictSame(none, badCheck(asker, 'original-missing'), line)
  }
}

async function constraints(t: Test, { asker, ask, cookie, token }: Place): Promise<void> {
  if (!asker.hasQuery) {
    const query = '?allowed_groups=nobody&mode=redirect'
    const yes = allowed(asker, { ...alice, token })
    t.strictSame(await ask({ target: `/${query}`, headers: [cookie] }), yes, 'a query is that of the request')
    return
  }
  const met = [
    '?allowed_groups=staff',
    '?allowed_groups=a,staff',
    '?allowed_groups=a&allowed_groups=staff',
    '?allowed_emails=Alice@example.com',
    '?allowed_email_domains=example.com&allowed_groups=staff',
  ]
  const unmet = [
    '?allowed_groups=',
    '?allowed_groups=admins',
    '?allowed_groups=staff&allowed_emails=bob@example.com',
    '?allowed_email_domains=.example.com',
  ]
  const yes = allowed(asker, { ...alice, token })
  const no = refused(asker, '403 Forbidden', [problemType], notAllowedProblem('constraint-not-met'))
  for (const query of met) t.strictSame(await ask({ headers: [cookie] }, query), yes, query)
  for (const query of unmet) t.strictSame(await ask({ headers: [cookie] }, query), no, query)
  t.match((await ask({}, '?allowed_groups=staff'))[0], '401', 'nobody is in no group, but may sign in')
  t.match((await ask({ target: '/optional/' }, '?allowed_groups=staff'))[0], '401')
  t.strictSame(await ask({ target: '/optional/', headers: [cookie] }, '?allowed_groups=staff'), yes)
  t.match((await ask({ target: '/admin/', headers: [cookie] }, '?allowed_groups=staff'))[0], '403')
}

async function modes(t: Test, place: Place): Promise<void> {
  const { asker, ask, scene } = place
  if (asker.hasQuery && asker.preset !== 'ingress-nginx') {
    t.strictSame(
      await ask({ target: '/x', headers: pageView }, '?mode=redirect'),
      redirect(asker, startOf(place, '/x')),
    )
    t.strictSame(await ask({ target: '/x' }, '?mode=redirect'), strangers(place), 'never a script')
  }
  if (asker.preset === 'ingress-nginx') return
  const other = asker.isRedirecting ? 'status' : 'redirect'
  await scene.gateway.restart({ forwardAuth: `preset: ${asker.preset}, mode: ${other}` })
  const whole = other === 'redirect' ? redirect(asker, startOf(place, '/x?y')) : strangers(place, '/x?y')
  t.strictSame(await ask({ target: '/x?y', headers: pageView }), whole)
  t.strictSame(await ask({ target: '/x?y' }), strangers(place), 'a script is told nowhere to go')
  await scene.gateway.restart({ forwardAuth: `preset: ${asker.preset}` })
}

async function otherHeaders(t: Test, place: Place): Promise<void> {
  const { asker, ask, scene, cookie, token } = place
  const configured = async (keys: string, original: Partial<Original> = { headers: [cookie] }) => {
    await scene.gateway.restart({ forwardAuth: `preset: ${asker.preset}, ${keys}` })
    return ask(original)
  }
  const yes = allowed(asker, { ...alice, token })
  const withoutIdentity = yes.filter((line) => !line.startsWith('x-auth-request-'))
  if (asker.preset !== 'envoy') {
    const accepted = yes.map((line) => line.replace('200 OK', '202 Accepted'))
    t.strictSame(await configured('success_status: 202'), accepted)
  }
  t.strictSame(await configured('identity_headers: false'), withoutIdentity)
  const map = '{ X-User: sub, X-Verified: email_verified, X-None: nothing.at.all }'
  const mapped = (...lines: string[]) => withoutIdentity.toSpliced(2, 0, ...lines)
  t.strictSame(
    await configured(`identity_headers: ${map}`),
    mapped('x-user: alice', 'x-verified: true', 'x-none: '),
    'each is there, empty or not',
  )
  t.strictSame(
    (await ask({ target: '/public/', headers: [cookie] })).map((line) => line.trimEnd()),
    mapped('x-user:', 'x-verified:', 'x-none:').map((line) => line.replace(/^(authorization:).*/, '$1')),
  )
  t.strictSame(
    await configured('token: none'),
    yes.filter((line) => !line.startsWith('authorization: ')),
    'no such header at all',
  )
  t.strictSame(
    await configured('access_token_header: true, token: none'),
    yes.map((line) => line.replace(/^authorization: Bearer /, 'x-auth-request-access-token: ')),
  )
  t.strictSame(
    (await ask({ target: '/public/', headers: [cookie] })).map((line) => line.trimEnd()),
    allowed(asker).map((line) => line.replace(/^authorization: $/, 'x-auth-request-access-token:').trimEnd()),
  )
  const [idToken = ''] = (await configured('token: id')).filter((line) => line.startsWith('authorization: '))
  t.match(idToken, /^authorization: Bearer eyJ[\w-]+\.eyJ[\w-]+\.[\w-]+$/)
  await scene.gateway.restart({ forwardAuth: `preset: ${asker.preset}` })
}

const cookiesIn = (answer: readonly string[]) => answer.filter((line) => line.startsWith('set-cookie: '))

async function renewed(t: Test, place: Place): Promise<void> {
  const { asker, ask, scene, cookie, token } = place
  const { gateway } = scene
  const renewals = () =>
    scene.provider.tokenRequests.filter(({ parameters }) => parameters['grant_type'] === 'refresh_token')
      .length
  const isOne =
    /^set-cookie: postern=[\w.-]{200,}; Max-Age=\d+; (?:Expires=[^;]+; )?Path=\/; HttpOnly; SameSite=Lax$/
  gateway.advance(100)
  for (const cookies of ['passed', 'dropped'] as const) {
    await gateway.restart({ forwardAuth: `preset: ${asker.preset}, cookies: ${cookies}` })
    const answer = await ask({ headers: [cookie] })
    const others = answer.filter((line) => !line.startsWith('set-cookie: '))
    t.strictSame(others, allowed(asker, { ...alice, token }), 'the same with a newer idle time')
    t.match(cookiesIn(answer), cookies === 'passed' ? [isOne] : [])
    t.equal(cookiesIn(answer).length, cookies === 'passed' ? 1 : 0, cookies)
    const broken = await ask({ target: '/optional/', headers: ['Cookie: postern=broken'] })
    t.equal(cookiesIn(broken).length, cookies === 'passed' ? 1 : 0, 'a broken one is taken away, or not')
  }
  await gateway.restart({ forwardAuth: `preset: ${asker.preset}` })
  gateway.advance(201)
  const answer = await ask({ headers: [cookie] })
  const [line = ''] = answer.filter((text) => text.startsWith('authorization: '))
  t.match(line, /^authorization: Bearer [\w-]{43}$/)
  t.notMatch(line, token, 'another token')
  const others = answer.filter((text) => text !== line && !text.startsWith('set-cookie: '))
  t.strictSame(
    others,
    allowed(asker, alice).filter((text) => !text.startsWith('authorization: ')),
  )
  const again = await ask({ headers: [cookie] })
  t.ok(again.includes(line), 'the older cookie serves on')
  t.equal(renewals(), 1)
  for (const one of [answer, again]) {
    t.equal(cookiesIn(one).length, asker.passesCookies ? 1 : 0)
    if (asker.passesCookies) t.match(cookiesIn(one), [isOne])
  }
  if (!asker.passesCookies) await checkDetour(t, asker, scene, asker.isRedirecting)
}

/** Of several Set-Cookie lines no proxy brings more than one to the browser; page views get them on a way round. */
async function severalCookies(t: Test, asker: Asker): Promise<void> {
  const claims = {
    name: 'n'.repeat(3500),
    email: 'alice@example.com',
    preferred_username: 'alice',
    groups: ['staff'],
  }
  const mode = asker.preset === 'ingress-nginx' ? 'status' : 'redirect'
  const scene = await startSignedIn(t, {
    routes: ['path: /**, access: authenticated'],
    server: 'trusted_proxies: [127.0.0.1]',
    forwardAuth: `preset: ${asker.preset}, cookies: passed, mode: ${mode}`,
    provider: { accessTokenTtl: 300, users: { alice: { scopes: [], claims } } },
  })
  const { ask, cookie } = placeOf(asker, scene)
  t.match(cookie, /postern=.*postern\.1=/, 'the session has several')
  scene.gateway.advance(301)
  for (const headers of [script, [...handshake, `Origin: ${scene.gateway.origin}`], script]) {
    const answer = await ask({ headers: [...headers, cookie] })
    t.match(answer[0], '200')
    t.strictSame(cookiesIn(answer), [])
  }
  await checkDetour(t, asker, scene, mode === 'redirect')
}

/** A page view is sent once to where it gets the newer session, and never again for the same one. */
async function checkDetour(t: Test, asker: Asker, scene: Scene, isExpected: boolean): Promise<void> {
  const { gateway, browser } = scene
  const { ask, cookie } = placeOf(asker, scene)
  const view = () => ask({ target: '/x?y', headers: [...pageView, cookie] })
  const renewal = `${gateway.origin}/oauth2/renew?${new URLSearchParams({ rd: `${gateway.origin}/x?y` })}`
  if (isExpected) t.strictSame(await view(), redirect(asker, renewal))
  t.match((await view())[0], '200', 'once, not round in circles')
  const { setCookies, headers } = await browser.navigate(renewal, { follow: false })
  t.equal(headers.location, `${gateway.origin}/x?y`)
  const names = cookie.match(/\bpostern(?:\.\d+)?=/g) as string[]
  t.strictSame(
    setCookies.map((line) => line.slice(0, line.indexOf('=') + 1)),
    names,
    'there it gets all of them',
  )
  const after = await placeOf(asker, scene).ask({ target: '/x?y', headers: [...pageView, cookieLine(scene)] })
  t.match(after[0], '200')
  t.strictSame(cookiesIn(after), [], 'with the newer session nothing is due')
}
