import t, { type Test } from 'tap'
import { problemLines, yamlWith } from '../config/support.ts'
import { type Browser, type BrowserResponse, createBrowser } from '../support/browser.ts'
import { type HostileProvider, startHostileProvider } from '../support/hostile-provider.ts'
import { ask, cookieLine, headsAt, type Scene, startScene, valuesOf } from '../support/scene.ts'
import { type Checks, runAttacks } from './attacks.ts'
import { answerOf, valuesIn } from './wire.ts'

let scene: Scene

const checks: Checks = {
  'LC-01': loginCsrf,
  'LC-02': crossSiteStart,
  'LC-03': thirdPartyInitiation,
  'LC-04': replay,
  'LC-05': codeInjection,
  'LC-06': downgrade,
  'LC-07': mixUp,
  'LC-08': hostileErrors,
  'LC-09': refusalLoop,
  'LC-10': noCookies,
  'LC-11': hundredTabs,
  'LC-12': twoPeople,
  'LC-13': reload,
  'LC-14': fragment,
  'LC-15': lineEnds,
  'LC-16': otherTokens,
  'LC-17': unwanted,
  'LC-18': leaks,
  'LC-19': framing,
  'LC-20': retryLinks,
  'LC-21': repeated,
}

t.test('login flow', async (t) => {
  scene = await startScene(t)
  await runAttacks(t, 'login flow', 'login-attacks.tsv', checks)
})

/** Goes through the provider; gives the callback that was not followed yet. */
async function callbackOf(browser: Browser, target = '/deep', { gateway } = scene): Promise<string> {
  const answer = await browser.navigate(`${gateway.origin}/oauth2/start?rd=${encodeURIComponent(target)}`, {
    stopAt: `${gateway.origin}/oauth2/callback`,
  })
  return answer.headers.location as string
}

const follow = (browser: Browser, url: string): Promise<BrowserResponse> =>
  browser.navigate(url, { follow: false })

function altered(url: string, changes: Readonly<Record<string, string | undefined>>): string {
  const copy = new URL(url)
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined) copy.searchParams.delete(name)
    else copy.searchParams.set(name, value)
  }
  return copy.href
}

function isSignedIn(browser: Browser, { gateway } = scene): boolean {
  return /(?:^|; )postern=/.test(browser.cookiesFor(gateway.origin))
}

async function loginCsrf(t: Test): Promise<void> {
  const planted = await callbackOf(createBrowser())
  const before = scene.provider.tokenRequests.length
  for (const hasLogin of [false, true]) {
    const victim = createBrowser()
    if (hasLogin) await callbackOf(victim)
    const answer = await follow(victim, planted)
    t.equal(answer.status, 302)
    t.ok(answer.headers.location?.startsWith(scene.provider.issuer), 'a login of their own')
    t.notOk(answer.headers.location?.includes(new URL(planted).searchParams.get('state') as string))
    t.notOk(isSignedIn(victim))
  }
  t.equal(scene.provider.tokenRequests.length, before, 'the code is not spent')
}

async function crossSiteStart(t: Test): Promise<void> {
  const { gateway } = scene
  const browser = createBrowser()
  const headers = { 'sec-fetch-site': 'cross-site', referer: 'https://evil.test/' }
  for (let n = 0; n < 50; n += 1) {
    await browser.navigate(`${gateway.origin}/oauth2/start?rd=https://evil.test/${n}`, {
      follow: false,
      headers,
    })
    t.ok(pendingOf(browser).length <= 5)
  }
  const page = await browser.navigate(`${gateway.origin}/oauth2/start?rd=//evil.test`, { headers })
  t.equal(page.url, `${gateway.origin}/`)
}

function pendingOf(browser: Browser): string[] {
  return browser
    .cookiesFor(scene.gateway.origin)
    .split('; ')
    .filter((pair) => pair.includes('.login.'))
}

async function thirdPartyInitiation(t: Test): Promise<void> {
  const { gateway, provider } = scene
  for (const iss of ['https://evil.test', `${provider.issuer}/`, provider.issuer]) {
    const query = new URLSearchParams({
      iss,
      target_link_uri: 'https://evil.test',
      login_hint: 'mallory\r\nX: y',
    })
    for (const endpoint of ['start', 'sign_in']) {
      const answer = await follow(createBrowser(), `${gateway.origin}/oauth2/${endpoint}?${query}`)
      const location = new URL(answer.headers.location as string)
      t.equal(location.origin, provider.issuer)
      t.notMatch(location.href, /evil|mallory|%0d/i)
      t.equal(location.searchParams.get('login_hint'), 'alice', 'as it is configured')
    }
  }
}

async function replay(t: Test): Promise<void> {
  const { gateway, provider } = scene
  const browser = createBrowser()
  const callback = await callbackOf(browser)
  const before = provider.tokenRequests.length
  const copies = Array.from({ length: 10 }, () => browser.clone())
  const answers = await Promise.all(copies.map((copy) => follow(copy, callback)))
  t.equal(answers.filter(({ status }) => status === 303).length, 1)
  t.equal(copies.filter((copy) => isSignedIn(copy)).length, 1)
  const late = await follow(browser, callback)
  t.not(late.status, 303)
  t.equal(provider.tokenRequests.length, before + 1)
  t.ok(late.status < 500 && !isSignedIn(browser), gateway.origin)
}

async function codeInjection(t: Test): Promise<void> {
  const attacker = createBrowser()
  const [mine, theirs] = [await callbackOf(attacker), await callbackOf(createBrowser())]
  const code = new URL(theirs).searchParams.get('code') as string
  const answer = await follow(attacker, altered(mine, { code }))
  t.equal(answer.status, 502)
  t.notOk(isSignedIn(attacker))
  t.match(scene.provider.tokenRequests.at(-1), { status: 400 }, 'refused by the verifier')
}

/** A gateway at a provider that answers as it is told. */
async function atHostile(t: Test): Promise<{ own: Scene; hostile: HostileProvider }> {
  const hostile = await startHostileProvider(t)
  const redirectUris = new Set<string>()
  const upstream = await startScene(t)
  const { startGateway } = await import('../support/gateway.ts')
  const gateway = await startGateway(t, {
    provider: { ...hostile, redirectUris },
    upstream: upstream.upstream.origin,
    routes: ['path: /**, access: authenticated'],
  })
  return { own: { ...upstream, gateway, browser: createBrowser() }, hostile }
}

async function downgrade(t: Test): Promise<void> {
  const { own, hostile } = await atHostile(t)
  const { gateway, browser } = own
  const begun = await follow(browser, `${gateway.origin}/oauth2/start?rd=/deep`)
  const request = new URL(begun.headers.location as string)
  t.equal(request.searchParams.get('code_challenge_method'), 'S256')
  t.match(request.searchParams.get('code_challenge'), /^[\w-]{43}$/)
  const state = request.searchParams.get('state') as string
  const injected = hostile.callback(`${gateway.origin}/oauth2/callback`, { state, nonce: 'of another login' })
  t.equal((await follow(browser, injected.href)).status, 502, 'the nonce is another one')
  t.notOk(isSignedIn(browser, own))
  const stripped = await follow(browser, `${gateway.origin}/oauth2/start`)
  const toProvider = altered(stripped.headers.location as string, {
    code_challenge: undefined,
    code_challenge_method: undefined,
  })
  t.equal((await browser.navigate(toProvider, { stopAt: `${gateway.origin}/x` })).status, 200)
  const tokens = hostile.requests.filter(({ endpoint }) => endpoint === 'token')
  t.equal(tokens.length, 2)
  for (const { parameters } of tokens) t.match(parameters['code_verifier'], /^[\w-]{43,}$/)
  t.equal(new Set(tokens.map(({ parameters }) => parameters['code_verifier'])).size, 2, 'a new one each time')
}

async function mixUp(t: Test): Promise<void> {
  const before = scene.provider.tokenRequests.length
  for (const iss of [
    undefined,
    'https://evil.test',
    `${scene.provider.issuer}/`,
    '',
    scene.provider.issuer.toUpperCase(),
  ]) {
    const browser = createBrowser()
    const answer = await follow(browser, altered(await callbackOf(browser), { iss }))
    t.equal(answer.status, 502, String(iss))
    t.notOk(isSignedIn(browser))
  }
  t.equal(scene.provider.tokenRequests.length, before, 'no code is spent')
}

async function hostileErrors(t: Test): Promise<void> {
  const texts = [
    '<script>alert(1)</script>',
    '"><svg onload=alert(1)>',
    'javascript:alert(1)',
    "' onmouseover='alert(1)",
    '</title><b>',
    '\u202egnp.exe',
    'a\r\nSet-Cookie: x=1',
    '{{7*7}}',
  ]
  for (const text of texts) {
    for (const error of ['access_denied', text]) {
      const browser = createBrowser()
      const state = new URL(await callbackOf(browser)).searchParams.get('state') as string
      for (const known of [state, text]) {
        const query = new URLSearchParams({
          error,
          error_description: text,
          error_uri: text,
          state: known,
          iss: scene.provider.issuer,
        })
        const answer = await follow(browser, `${scene.gateway.origin}/oauth2/callback?${query}`)
        t.ok(
          [302, 400, 403, 502].includes(answer.status),
          `${answer.status} ${JSON.stringify(text)
            .slice(0, 20)
            .replace(/[^ -~]/g, '?')}`,
        )
        t.notMatch(answer.body, /<script|alert\(1|<b>|gnp\.exe|7\*7|Set-Cookie/)
        t.notOk(answer.headers['set-cookie']?.some((line) => line.startsWith('x=')))
        if (answer.status !== 302) t.match(answer.headers['content-security-policy'], /^default-src 'none'/)
      }
    }
  }
  const { gateway } = scene
  for (const raw of ['%ff%fe', '%', '%c0%ae', '%00', 'x'.repeat(65_536), '%0d%0aX:%20y']) {
    const bytes = await ask(gateway, `GET /oauth2/callback?error=x&state=s&error_description=${raw}`, [
      'Accept: text/html',
    ])
    t.match(bytes, /^HTTP\/1\.1 (?:302|400|414|431) /, raw.slice(0, 12))
    t.notMatch(bytes, /^X: y/m)
  }
}

async function refusalLoop(t: Test): Promise<void> {
  const own = await startScene(t, { hint: 'deny' })
  for (let n = 0; n < 3; n += 1) {
    const requests = own.browser.history.length
    const page = await own.browser.navigate(`${own.gateway.origin}/deep`)
    t.equal(page.status, 403)
    t.match(page.body, /href="\/oauth2\/start\?rd=/)
    const starts = own.browser.history.slice(requests).filter(({ url }) => url.includes('/auth?'))
    t.equal(starts.length, 1, 'asked once')
  }
  const browser = createBrowser()
  const callback = altered(await callbackOf(browser), { code: undefined, error: 'login_required' })
  const answer = await follow(browser, callback)
  t.not(answer.status, 302)
  t.match(answer.body, /href="\/oauth2\/start\?rd=/)
}

async function noCookies(t: Test): Promise<void> {
  const { gateway, upstream } = scene
  const { length } = headsAt(upstream)
  let location = `${gateway.origin}/deep`
  const statuses: number[] = []
  for (let n = 0; n < 10 && location !== ''; n += 1) {
    const target = location.slice(gateway.origin.length)
    const answer = answerOf(await ask(gateway, `GET ${target}`, ['Accept: text/html']))
    statuses.push(answer.status)
    const [next = ''] = valuesIn(answer, 'location')
    const back = next === '' ? undefined : await createBrowser().navigate(next, { stopAt: gateway.origin })
    location = back?.headers.location ?? ''
    if (location === '') t.match(answer.body, /did not bring the sign-in back/)
  }
  t.strictSame(statuses, [302, 302, 400])
  t.equal(headsAt(upstream).length, length)
}

async function hundredTabs(t: Test): Promise<void> {
  const { gateway } = scene
  const browser = createBrowser()
  await Promise.all(Array.from({ length: 100 }, (_, n) => follow(browser, `${gateway.origin}/tab/${n}`)))
  t.ok(
    pendingOf(browser).every((pair) => pair.length < 2000),
    'each is small',
  )
  for (let n = 0; pendingOf(browser).length > 5 && n < 10; n += 1) {
    t.equal((await follow(browser, `${gateway.origin}/next`)).status, 302, 'the next tab can sign in')
  }
  t.ok(pendingOf(browser).length <= 5, `${pendingOf(browser).length} are left`)
  t.ok(browser.cookiesFor(gateway.origin).length < 8000)
  const page = await browser.navigate(`${gateway.origin}/deep`)
  t.strictSame([page.status, page.url], [200, `${gateway.origin}/deep`])
}

async function twoPeople(t: Test): Promise<void> {
  const own = await startScene(t, { hint: '' })
  const { gateway, browser, provider, upstream } = own
  const older = await follow(browser, `${gateway.origin}/oauth2/start?rd=/older`)
  const first = await browser.submit(await browser.navigate(`${gateway.origin}/first`), { login: 'alice' })
  t.equal(first.status, 200)
  for (const name of ['_session', '_session.sig', '_session.legacy', '_session.legacy.sig'])
    browser.setCookie(provider.issuer, name, undefined)
  const second = await browser.submit(await browser.navigate(older.headers.location as string), {
    login: 'bob',
  })
  t.strictSame([second.status, second.url], [200, `${gateway.origin}/older`])
  const { sub, groups } = (await browser.fetch(`${gateway.origin}/oauth2/userinfo`)).json() as Record<
    string,
    unknown
  >
  t.strictSame([sub, groups], ['bob', []])
  t.strictSame(
    headsAt(upstream).flatMap((head) => valuesOf(head, 'x-forwarded-user')),
    ['alice', 'bob'],
  )
}

async function reload(t: Test): Promise<void> {
  const browser = createBrowser()
  const callback = await callbackOf(browser)
  t.equal((await follow(browser, callback)).headers.location, `${scene.gateway.origin}/deep`)
  const before = scene.provider.tokenRequests.length
  for (let n = 0; n < 3; n += 1) {
    const again = await follow(browser, callback)
    t.strictSame(
      [again.status, new URL(again.headers.location as string).origin],
      [303, scene.gateway.origin],
    )
    t.ok(isSignedIn(browser), 'still signed in')
  }
  t.equal(scene.provider.tokenRequests.length, before)
}

async function fragment(t: Test): Promise<void> {
  const answer = await follow(createBrowser(), `${scene.gateway.origin}/oauth2/callback`)
  t.equal(answer.status, 400)
  t.match(answer.body, /<h1>/)
  t.notMatch(answer.body, /<script|location\.hash/)
}

async function lineEnds(t: Test): Promise<void> {
  const { gateway } = scene
  for (const query of [
    'rd=/a%0d%0aX:%20y',
    'rd=%0d%0aX:%20y',
    'scope=a%0d%0aX:%20y',
    'acr_values=%0aX:%20y',
    'max_age=1%0d%0aX:%20y',
  ]) {
    const bytes = await ask(gateway, `GET /oauth2/start?${query}`)
    t.match(bytes, /^HTTP\/1\.1 302 /)
    t.notMatch(bytes, /^X: y/m)
    t.equal(valuesIn(answerOf(bytes), 'location').length, 1)
  }
  const bytes = await ask(gateway, 'GET /a%0d%0aX:%20y', ['Accept: text/html'])
  t.match(bytes, /^HTTP\/1\.1 400 /)
  const lines = problemLines(
    t,
    yamlWith({
      provider:
        'provider: { issuer: https://login.example.com, client_id: "a\\r\\nb", client_secret: hush, scopes: ["a\\nb"] }',
    }),
  )
  t.match(lines.join('\n'), /provider\.client_id[\s\S]*provider\.scopes/)
}

async function otherTokens(t: Test): Promise<void> {
  const { own, hostile } = await atHostile(t)
  const deviations: HostileProvider['deviations'][] = [
    { token: { id_token: undefined }, rotation: 'none', accessTokenTtl: 300 },
    { token: { access_token: undefined }, rotation: 'none', accessTokenTtl: 300 },
    { token: { token_type: 'mac' }, rotation: 'none', accessTokenTtl: 300 },
    { token: { error: 'invalid_grant' }, rotation: 'none', accessTokenTtl: 300 },
    { token: { access_token: { a: 1 } }, rotation: 'none', accessTokenTtl: 300 },
    { claims: { nonce: 'of another login' }, rotation: 'none', accessTokenTtl: 300 },
    { claims: { sub: 'bob' }, rotation: 'none', accessTokenTtl: 300 },
    { claims: { aud: 'somebody-else' }, rotation: 'none', accessTokenTtl: 300 },
  ]
  for (const deviation of deviations) {
    const kept = { ...hostile.deviations }
    Object.assign(hostile.deviations, deviation)
    const browser = createBrowser()
    const answer = await browser.navigate(`${own.gateway.origin}/x`, { stopAt: `${own.gateway.origin}/x` })
    t.equal(answer.status, 502, JSON.stringify(deviation))
    t.notOk(isSignedIn(browser, own))
    for (const key of ['token', 'claims'] as const) delete hostile.deviations[key]
    Object.assign(hostile.deviations, kept)
  }
}

async function unwanted(t: Test): Promise<void> {
  const { gateway, provider } = scene
  const browser = createBrowser()
  const callback = await callbackOf(browser)
  const target = callback.slice(gateway.origin.length)
  const cookie = cookieLine({ browser, gateway })
  const before = provider.tokenRequests.length
  for (const [line, ...headers] of [
    [`HEAD ${target}`],
    [`POST ${target}`, 'Content-Length: 0'],
    [`OPTIONS ${target}`],
    [`PUT ${target}`, 'Content-Length: 0'],
    [`GET ${target}`, 'Sec-Purpose: prefetch'],
    [`GET ${target}`, 'Sec-Purpose: prefetch;prerender'],
    [`GET ${target}`, 'Purpose: prefetch'],
    [`GET ${target}`, 'X-Moz: prefetch'],
    [`GET ${target.replace('callback', 'callback/')}`],
    [`GET ${target.replace('callback', 'CALLBACK')}`],
  ] as [string, ...string[]][]) {
    t.match(
      await ask(gateway, line, [cookie, ...headers]),
      /^HTTP\/1\.1 40[0-5] /,
      `${line.split('?')[0]} ${headers}`,
    )
  }
  const image = ['Sec-Fetch-Site: cross-site', 'Sec-Fetch-Dest: image', 'Sec-Fetch-Mode: no-cors']
  t.match(await ask(gateway, `GET ${target}`, image), /^HTTP\/1\.1 (?:302|400) /, 'no cookie of a login')
  t.equal(provider.tokenRequests.length, before)
  t.equal((await follow(browser, callback)).status, 303, 'it is still good')
}

async function leaks(t: Test): Promise<void> {
  const browser = createBrowser()
  const callback = await callbackOf(browser)
  const { code = '', state = '' } = Object.fromEntries(new URL(callback).searchParams)
  const ended = await follow(browser, callback)
  const failed = createBrowser()
  const error = await follow(failed, altered(await callbackOf(failed), { iss: 'https://evil.test' }))
  for (const answer of [
    ended,
    error,
    await follow(createBrowser(), callback),
    await follow(browser, callback),
  ]) {
    t.equal(answer.headers['referrer-policy'], 'no-referrer')
    t.equal(answer.headers['cache-control'], 'no-store')
    const text = `${answer.headers.location ?? ''}${answer.body}`
    t.notOk(text.includes(code) || text.includes(state))
  }
  t.equal(ended.status, 303)
  await browser.navigate(`${scene.gateway.origin}/deep`)
  t.notOk(scene.upstream.bytes().includes(code), 'the upstream learns nothing of it')
}

async function framing(t: Test): Promise<void> {
  const { gateway } = scene
  const browser = createBrowser()
  await browser.navigate(`${gateway.origin}/deep`)
  const paths = [
    'start',
    'sign_in',
    'callback',
    'callback?state=x&error=y',
    'sign_out',
    'signed_out',
    'userinfo',
    'session',
    'nothing',
  ]
  for (const path of paths) {
    const { headers } = await follow(browser, `${gateway.origin}/oauth2/${path}`)
    t.match(headers['content-security-policy'], /frame-ancestors 'none'/, path)
    t.equal(headers['x-frame-options'], 'DENY', path)
    t.equal(headers['x-content-type-options'], 'nosniff', path)
  }
}

async function retryLinks(t: Test): Promise<void> {
  const { gateway } = scene
  for (const rd of [
    'https://evil.test',
    '//evil.test',
    '/\\evil.test',
    '/%2f/evil.test',
    'javascript:alert(1)',
    '/oauth2/sign_out',
  ]) {
    const browser = createBrowser()
    const callback = altered(await callbackOf(browser, rd), { code: undefined, error: 'access_denied' })
    const page = await follow(browser, callback)
    t.equal(page.status, 403)
    const links = [...page.body.matchAll(/<a\b[^>]*href="([^"]*)"/g)].map(([, link = '']) =>
      link.replaceAll('&amp;', '&'),
    )
    t.ok(links.length > 0)
    for (const link of links) {
      const url = new URL(link, page.url)
      t.equal(url.origin, gateway.origin)
      t.ok([null, '/', `${gateway.origin}/`].includes(url.searchParams.get('rd')), link)
    }
  }
}

async function repeated(t: Test): Promise<void> {
  const { gateway, provider } = scene
  const browser = createBrowser()
  const callback = await callbackOf(browser)
  const { code = '', state = '', iss = '' } = Object.fromEntries(new URL(callback).searchParams)
  const before = provider.tokenRequests.length
  const queries = [
    ...[
      'code=x',
      `code=${code}`,
      'state=x',
      `state=${state}`,
      'iss=https://evil.test',
      `iss=${encodeURIComponent(iss)}`,
    ],
    ...[
      'error=x&error=y',
      'error_description=x&error_description=y',
      'error_uri=x&error_uri=y',
      'state',
      'c%6fde=x',
    ],
  ]
  for (const query of queries) {
    const answer = await follow(browser, `${callback}&${query}`)
    t.equal(answer.status, 400, query)
    t.notOk(isSignedIn(browser))
  }
  t.equal(provider.tokenRequests.length, before, 'the code is not spent')
  const arrays = await follow(
    browser,
    `${gateway.origin}/oauth2/callback?code[]=${code}&state[]=${state}&iss=${iss}`,
  )
  t.equal(arrays.status, 400, 'no state at all')
  t.equal((await follow(browser, callback)).status, 303, 'and it is still good')
}
