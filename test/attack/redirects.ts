import t, { type Test } from 'tap'
import { corpus } from '../support/corpus.ts'
import { type Scene, startScene } from '../support/scene.ts'
import type { Delivery } from './delivery.ts'
import { runFamily } from './family.ts'
import { type Answer, cookieHeader, cookiesAfter, valuesIn } from './wire.ts'

type Row = Readonly<{ value: string; id: string; safe: string }>
type Jar = ReadonlyMap<string, string>
type Step = Readonly<{ answer: Answer; jar: Jar }>
type Options = Readonly<{ jar?: Jar; headers?: readonly string[]; body?: string }>

const origin = 'https://app.example.com'
const nobody: Jar = new Map()
const form = 'Content-Type: application/x-www-form-urlencoded'
/** Headers by which some gateways are told where to go. */
const leading = [
  ...['X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Forwarded-Uri', 'X-Forwarded-Prefix', 'X-Forwarded-Port'],
  ...['X-Auth-Request-Redirect', 'X-Original-URL', 'X-Original-URI', 'X-Rewrite-URL', 'X-Forwarded-Server'],
  ...['Forwarded', 'Referer', 'X-Host'],
]
/** Parameters by which other programs are told where to go. */
const parameters = [
  ...['target_link_uri', 'RelayState', 'redirect', 'redirect_uri', 'post_logout_redirect_uri', 'returnTo'],
  ...['return_to', 'next', 'url', 'state', 'logout_uri', 'iss'],
]

const rows: Row[] = corpus('redirects.tsv').map(([value = '', id = '', safe = '']) => ({ value, id, safe }))

/** The family of redirect targets, delivered one way. */
export function runRedirects(delivery: Delivery): void {
  t.test('redirect targets', (t) => testAll(t, delivery))
}

async function testAll(t: Test, delivery: Delivery): Promise<void> {
  const options = { publicUrls: () => [origin], ...delivery.options }
  const scene = await startScene(t, options)
  const trusting = await startScene(t, { ...options, server: 'trusted_proxies: ["127.0.0.1"]' })
  await runFamily(
    t,
    delivery.named('redirect targets'),
    rows,
    async (row, t) => {
      const visitor = createVisitor(scene, delivery, t)
      await checkReturn(t, visitor, row)
      await checkParameters(t, visitor, row)
      await checkState(t, visitor, row)
      await checkSignOut(t, visitor, row)
      await checkHeaders(t, visitor, row)
      await checkHeaders(t, createVisitor(trusting, delivery, t), row)
      await checkTarget(t, visitor, row)
    },
    ({ id, value }) => `${id} ${JSON.stringify(value.slice(0, 60)).replace(/[^ -~]|#/g, '?')}`,
  )
}

/** A client of bytes that holds every answer against the rule: no way leads to another origin. */
function createVisitor({ gateway, provider, browser }: Scene, delivery: Delivery, t: Test) {
  const ask = delivery.open(t, gateway)
  return { visit, login, version: delivery.version, providerOrigin: new URL(provider.issuer).origin }

  async function visit(line: string, { jar = nobody, headers = [], body = '' }: Options = {}): Promise<Step> {
    const accept = headers.some((header) => header.startsWith('Accept')) ? [] : ['Accept: text/html']
    const length = line.startsWith('POST') ? [`Content-Length: ${body.length}`] : []
    const all = ['Host: app.example.com', ...accept, ...length, ...cookieHeader(jar), ...headers]
    const answer = await ask(line, ['Connection: close', ...all], body)
    checkAnswer(t, answer, provider.issuer, line)
    return { answer, jar: cookiesAfter(answer, jar) }
  }

  /** From an answer that leads to the provider through the login to the last Location. */
  async function login({ answer, jar }: Step): Promise<Step & { location: string }> {
    const [toProvider = ''] = valuesIn(answer, 'location')
    const { headers } = await browser.navigate(toProvider, { stopAt: origin })
    const callback = String(headers.location)
    const step = await visit(`GET ${callback.slice(origin.length)}`, { jar })
    return { ...step, location: valuesIn(step.answer, 'location')[0] ?? '' }
  }
}

type Visitor = ReturnType<typeof createVisitor>

/** One assertion for each answer: there are tens of thousands, and each costs time. */
function checkAnswer(t: Test, answer: Answer, issuer: string, line: string): void {
  const name = line.slice(0, 90).replace(/[^ -~]|#/g, '?')
  t.strictSame(faultsOf(answer, issuer), [], `${answer.status} ${name}`)
}

/** What is wrong with every address in an answer, read as a browser at our origin reads it. */
function faultsOf(answer: Answer, issuer: string): string[] {
  const locations = valuesIn(answer, 'location')
  const links = [...answer.body.matchAll(/<(?:a|form|base|area)\b[^>]*?\b(?:href|action)="([^"]*)"/g)].map(
    ([, link = '']) => link.replaceAll('&amp;', '&'),
  )
  const json = [...answer.body.matchAll(/"(?:location|login_url)":("[^"]*")/g)].map(([, link = '']) =>
    JSON.parse(link),
  )
  return [
    ...(locations.length > 1 ? ['several locations'] : []),
    ...(answer.status >= 500 ? ['an internal error'] : []),
    ...(/<script|http-equiv|javascript:/i.test(answer.body) ? ['a script'] : []),
    ...[...locations, ...links, ...json].flatMap((address) => addressFaults(address, new URL(issuer).origin)),
  ]
}

function addressFaults(address: string, providerOrigin: string): string[] {
  const url = new URL(address, `${origin}/oauth2/start`)
  return [
    ...(/[^!-~]|\\/.test(address) ? ['an address of other characters'] : []),
    ...(url.origin === origin || url.origin === providerOrigin ? [] : [`leads to ${url.origin}`]),
    ...(url.origin === providerOrigin ? ownAddressFaults(url) : []),
  ]
}

/** The provider is only ever told our own addresses. */
function ownAddressFaults({ searchParams }: URL): string[] {
  return ['redirect_uri', 'post_logout_redirect_uri'].filter((parameter) => {
    const value = searchParams.get(parameter)
    return value !== null && !value.startsWith(`${origin}/oauth2/`)
  })
}

/** As a query carries it, lone surrogates too. */
function encoded(value: string): string {
  return value.replace(/\p{Cs}|[\s\S]/gu, (char) =>
    /\p{Cs}/u.test(char)
      ? Buffer.from(char, 'utf16le').toString('hex').replace(/../g, '%$&')
      : encodeURIComponent(char),
  )
}

/** Where a target of the corpus leads to after all. */
function expectedOf({ value, safe }: Row): string {
  if (safe.startsWith('ACCEPT')) return origin + value
  return value === `${origin}/ok` ? value : `${origin}/`
}

/** `rd` of a login: once, twice encoded, repeated. */
async function checkReturn(t: Test, { visit, login }: Visitor, row: Row): Promise<void> {
  const rd = encoded(row.value)
  for (const endpoint of ['start', 'sign_in']) {
    const { location } = await login(await visit(`GET /oauth2/${endpoint}?rd=${rd}`))
    t.equal(location, expectedOf(row), endpoint)
  }
  const twice = await visit(`GET /oauth2/start?rd=${encodeURIComponent(rd)}`)
  if (twice.answer.status !== 302) t.equal(twice.answer.status, 400, 'too long')
  else t.ok((await login(twice)).location.startsWith(`${origin}/`), 'encoded twice')
  for (const query of [`rd=${rd}&rd=/ok`, `rd=/ok&rd=${rd}`, `rd[]=${rd}`, `RD=${rd}`]) {
    const { location } = await login(await visit(`GET /oauth2/start?${query}`))
    t.equal(location, `${origin}/`, query.slice(0, 6))
  }
}

/** Parameters of other programs say nothing here. */
async function checkParameters(t: Test, { visit, login }: Visitor, { value }: Row): Promise<void> {
  const query = parameters.map((name) => `${name}=${encoded(value)}`).join('&')
  const begun = await visit(`GET /oauth2/start?${query}`)
  if (begun.answer.status !== 302) t.equal(begun.answer.status, 400, 'too long')
  else t.equal((await login(begun)).location, `${origin}/`)
}

/** The state and its cookie, tampered with; and what is written beside an untouched one. */
async function checkState(t: Test, { visit, login }: Visitor, { value }: Row): Promise<void> {
  const rd = encoded(value)
  const begun = await visit('GET /oauth2/start?rd=/ok')
  const state = new URL(valuesIn(begun.answer, 'location')[0] as string).searchParams.get('state')
  await visit(`GET /oauth2/callback?code=x&state=${rd}`, begun)
  await visit(`GET /oauth2/callback?code=x&state=${state}${rd}`, begun)
  await visit(`GET /oauth2/callback?error=x&error_uri=${rd}&error_description=${rd}&state=${rd}`)
  if (!/[\s;]|[^!-~]/.test(value)) {
    const forged = new Map([...begun.jar].map(([name, seal]) => [name, seal.slice(0, 20) + value]))
    await visit(`GET /oauth2/callback?code=x&state=${state}`, { jar: forged })
  }
  const { location } = await login(begun)
  t.equal(location, `${origin}/ok`, 'the login is still good')
  await visit(`GET /oauth2/callback?code=x&state=${state}&rd=${rd}`, begun)
}

/** `rd` of a sign-out in the query and as a field, with a session and without one, and on its way through the provider. */
async function checkSignOut(t: Test, { visit, login, providerOrigin }: Visitor, row: Row): Promise<void> {
  const rd = encoded(row.value)
  const { jar } = await login(await visit('GET /oauth2/start'))
  const left = await visit(`POST /oauth2/sign_out?rd=${rd}`, { jar })
  const out = new URL(valuesIn(left.answer, 'location')[0] as string)
  t.equal(out.origin, providerOrigin)
  const back = await visit(`GET /oauth2/signed_out?state=${out.searchParams.get('state')}`)
  t.strictSame(valuesIn(back.answer, 'location'), [expectedOf(row)], 'through the provider')
  const without = await visit(`POST /oauth2/sign_out?rd=${rd}`)
  t.strictSame(valuesIn(without.answer, 'location'), [expectedOf(row)], 'without a session')
  await visit(`POST /oauth2/sign_out?rd=${encodeURIComponent(rd)}`)
  for (const query of ['', `?rd=/ok&rd=${rd}`, `?rd=${rd}&rd=/ok`]) {
    const field = await visit(`POST /oauth2/sign_out${query}`, { headers: [form], body: `rd=${rd}` })
    t.strictSame(valuesIn(field.answer, 'location'), [`${origin}/oauth2/signed_out`], 'fields say nothing')
  }
  await visit(`POST /oauth2/sign_out?rd=${rd}`, { headers: ['Accept: application/json'] })
  await visit(`GET /oauth2/sign_out?rd=${rd}`, {
    headers: ['Sec-Fetch-Site: same-origin', 'Sec-Fetch-Mode: navigate'],
  })
  for (const name of ['state', 'rd', 'post_logout_redirect_uri']) {
    const { answer } = await visit(`GET /oauth2/signed_out?${name}=${rd}`)
    t.strictSame(valuesIn(answer, 'location'), [], `${name} made up`)
  }
}

/** Headers that claim where we are, at a page, at the login and at the sign-out. */
async function checkHeaders(t: Test, { visit }: Visitor, { value }: Row): Promise<void> {
  const bytes = Buffer.from(value).toString('latin1')
  for (const line of ['GET /deep', 'GET /oauth2/start', 'POST /oauth2/sign_out']) {
    for (const name of leading) {
      const { answer } = await visit(line, { headers: [`${name}: ${bytes}`] })
      const [location = ''] = valuesIn(answer, 'location')
      t.ok(location !== '' || [400, 421].includes(answer.status), `${answer.status} ${name} ${line}`)
    }
  }
}

/** The address itself: what a login leads back to, and what an API call and a denied one are told. */
async function checkTarget(t: Test, { visit, login, version }: Visitor, { value }: Row): Promise<void> {
  const bytes = Buffer.from(value).toString('latin1')
  const begun = await visit(`GET ${bytes}`)
  const refused = version === 1 ? /^(?:400|404|405|200)$/ : /^(?:0|400|404|405|200)$/
  if (begun.answer.status !== 302) t.match(String(begun.answer.status), refused)
  else if (!value.startsWith('/oauth2/')) {
    const { location } = await login(begun)
    t.ok(location.startsWith(`${origin}/`), location)
  }
  await visit(`GET ${bytes}`, { headers: ['Accept: application/json'] })
  await visit(`POST ${bytes}`)
}
