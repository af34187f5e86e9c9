import type { Test } from 'tap'
import { canonicalPath } from '../../src/core/request-path.ts'
import { corpus } from '../support/corpus.ts'
import { type Asked, ask, expectDenied, hostOf, type Place, presets, send, told } from './asked.ts'
import type { Checks } from './attacks.ts'
import { readingsOf } from './readers.ts'

const pageView = ['Accept: text/html', 'Sec-Fetch-Mode: navigate']

/** Attacks by the address and host of the request that is asked about, and by the address of the check. */
export function targetChecks(place: () => Place): Checks {
  return {
    'FA-21': (t) => queries(t, place()),
    'FA-22': (t) => fragments(t, place()),
    'FA-23': (t) => everyTarget(t, place()),
    'FA-24': (t) => malformed(t, place()),
    'FA-25': (t) => absolute(t, place()),
    'FA-26': (t) => parameters(t, place()),
    'FA-27': (t) => tooLong(t, place()),
    'FA-28': (t) => addressOfTheCheck(t, place()),
    'FA-29': (t) => envoyPaths(t, place()),
    'FA-30': (t) => ownEndpoints(t, place()),
    'FA-31': (t) => otherHosts(t, place()),
    'FA-32': (t) => hostConfusion(t, place()),
    'FA-33': (t) => redirects(t, place()),
  }
}

/** Asks everywhere, as nobody and as alice, who has no scope admin. */
async function nobodyPasses(
  t: Test,
  place: Place,
  asked: Asked,
  statuses?: readonly number[],
): Promise<void> {
  for (const preset of presets) {
    for (const more of [[], [place.cookie]]) {
      const name = `${preset} ${JSON.stringify(asked)} ${more.length}`
      expectDenied(t, await ask(place, preset, asked, more), name, statuses)
    }
  }
}

async function queries(t: Test, place: Place): Promise<void> {
  for (const query of [
    '?/public/',
    '?x=/public/',
    '?/../public/',
    '?http://localhost/public/',
    '?',
    '??/public/',
  ]) {
    await nobodyPasses(t, place, { target: `/admin/x${query}` }, [401, 403])
  }
  for (const preset of presets) {
    const open = await ask(place, preset, { target: '/public/?x=/admin/&y=../../admin/' })
    t.equal(open.status, 200, 'a query takes no part in it')
  }
}

async function fragments(t: Test, place: Place): Promise<void> {
  for (const target of [
    '/admin/x#/public/',
    '/admin/x%23/public/',
    '/admin/x%2523/public/',
    '/public/#/../admin/',
    '/public/x#/../../admin/',
    '/public/?x#y',
    '/public/%23/../admin/',
    '#/public/',
    '/admin/x%3F/public/',
    '/public/%3f/../admin/',
  ]) {
    await nobodyPasses(t, place, { target })
  }
}

/** Where the paths of the corpus belong; outside nobody may go. */
function isPublic(reading: string): boolean {
  return /^\/public(?:\/|$)/i.test(reading)
}

/**
 * Every request target of the corpus as the one that is asked about. The proxy sends on what it got, so that counts for whoever
 * decodes it; what was judged counts for everybody.
 */
async function everyTarget(t: Test, place: Place): Promise<void> {
  const targets = corpus('paths.tsv').map(([target = '']) => target)
  let allowed = 0
  for (const target of targets.filter((target) => target !== '' && !/[\r\n]/.test(target))) {
    const judged = canonicalPath(target)
    const readings = [...readingsOf(judged?.path ?? '')]
    const decoded = [...readingsOf(target)].filter(([, by]) => by !== 'as it is')
    const misread = [...readings, ...decoded].filter(([reading]) => !isPublic(reading))
    for (const preset of presets) {
      const answer = await ask(place, preset, { target: Buffer.from(target).toString('latin1') })
      const name = `${preset} ${JSON.stringify(target).slice(0, 80)}`
      if (answer.status === 200) {
        allowed += 1
        t.strictSame(misread, [], name)
      } else expectDenied(t, answer, name, [400, 401, 403, 404, 431])
    }
  }
  t.ok(allowed >= presets.length, `${allowed} are honest`)
}

async function malformed(t: Test, place: Place): Promise<void> {
  for (const target of [
    '/public/%',
    '/public/%zz',
    '/public/%u002f..%u002fadmin',
    '/public/%c0%ae%c0%ae/admin',
    '/public/\u00e9',
    '/public/\\..\\admin',
    '/public/%00',
    '/public/\t/x',
    '/public /x',
    '/public/x HTTP/1.1',
    '/public/{x}',
    '/public/"',
    '/public/%5c..%5cadmin',
    '/public/..%2fadmin/',
    '/public/%252e%252e/admin/',
    '/public/%2e%2e/admin/',
  ]) {
    await nobodyPasses(t, place, { target })
  }
}

async function absolute(t: Test, place: Place): Promise<void> {
  const host = hostOf(place.gateways.haproxy)
  for (const target of [
    `http://${host}/public/`,
    'http://open.example.com/x',
    'http:http://open.example.com/x',
    'public/',
    '*',
    `${host}/public/`,
    '.',
    '@open.example.com/',
    ':80/public/',
    '.open.example.com/public/',
    '?/public/',
    '\\public\\',
  ]) {
    await nobodyPasses(t, place, { target }, [400, 401, 403, 404, 421])
  }
  for (const target of [
    '//open.example.com/x',
    '//localhost/public/',
    '///public/',
    '//public/',
    '/\\open.example.com/public/',
  ]) {
    await nobodyPasses(t, place, { target })
  }
}

async function parameters(t: Test, place: Place): Promise<void> {
  for (const target of [
    '/admin;x/',
    '/admin;/public/',
    '/public/..;/admin/',
    '/public;/../admin/',
    '/public/.;/x',
    '/;/admin/',
    '/admin/;a=/public/',
    '/public/..;a=b/admin/',
    '/public%3b/../admin/',
    '/orders;x/1;method=GET/../../admin/',
  ]) {
    await nobodyPasses(t, place, { target })
  }
  for (const preset of presets) {
    t.equal((await ask(place, preset, { target: '/public/a;b=c/d' })).status, 200, 'honest ones pass')
  }
}

async function tooLong(t: Test, place: Place): Promise<void> {
  for (const length of [8001, 20_000, 45_000]) {
    await nobodyPasses(t, place, { target: `/public/${'x'.repeat(length)}` }, [400, 403, 431])
    await nobodyPasses(t, place, { target: `/public/?${'x'.repeat(length)}` }, [400, 403, 431])
  }
  for (const preset of presets) {
    t.equal((await ask(place, preset, { target: `/public/${'x'.repeat(7000)}` })).status, 200, preset)
    const flood = Array.from({ length: 300 }, (_, n) => `X-${n}: y`)
    expectDenied(t, await ask(place, preset, { target: '/public/' }, flood), `${preset} many headers`)
    const large = [`X-Large: ${'x'.repeat(60_000)}`, place.cookie]
    expectDenied(t, await ask(place, preset, { target: '/secret' }, large), `${preset} large headers`, [431])
  }
}

/** Only the one address asks; what a lax reader may take for it is no address at all. */
async function addressOfTheCheck(t: Test, place: Place): Promise<void> {
  for (const preset of presets.filter((name) => name !== 'envoy')) {
    const gateway = place.gateways[preset]
    const { headers } = told(preset, gateway, { target: '/public/' })
    t.equal((await send(gateway, { line: 'GET /oauth2/auth', headers })).status, 200, preset)
    for (const address of [
      '/oauth2/auth/',
      '/oauth2/auth/x',
      '/oauth2/auth//',
      '/oauth2/auth;x',
      '/oauth2/auth/;x',
      '/oauth2/auth%2F',
      '/oauth2/auth%3Fmode=redirect',
      '/oauth2/auth%20',
      '/oauth2/%61uth',
      '/oauth2/aut%68',
      '/%6fauth2/auth',
      '/oauth2//auth',
      '//oauth2/auth',
      '/oauth2/./auth',
      '/oauth2/x/../auth',
      '/oauth2/authx',
      '/oauth2/auth.',
      '/oauth2/AUTH',
      'http://auth.internal:4180/oauth2/auth/x',
    ]) {
      for (const more of [[], [place.cookie]]) {
        const answer = await send(gateway, { line: `GET ${address}`, headers }, more)
        expectDenied(t, answer, `${preset} ${address}`, [400, 401, 404, 421])
      }
    }
  }
}

async function envoyPaths(t: Test, place: Place): Promise<void> {
  const { envoy } = place.gateways
  for (const line of [
    'GET /oauth2/auth/../admin/',
    'GET /oauth2/auth/public/../admin/',
    'GET /oauth2/auth/../auth/public/',
    'GET /oauth2/authx',
    'GET /oauth2/auth',
    'GET /oauth2/auth?/public/',
    'GET /oauth2/auth*',
    'OPTIONS /oauth2/auth*',
    'GET /oauth2/auth;/public/',
    'GET /oauth2/auth//public/',
    'GET /oauth2/auth//open.example.com/',
    'GET /oauth2//auth/public/',
    'GET /oauth2/%61uth/public/',
    'GET /oauth2/auth%2Fpublic/',
    'GET /oauth2/auth/%2Fpublic/',
    'GET /oauth2/auth#/public/',
    'GET /oauth2/auth/#/public/',
    'GET /oauth2/auth\\public/',
    'GET /oauth2/auth/oauth2/auth/public/',
    'GET http://open.example.com/oauth2/auth/public/',
    'GET /oauth2/authhttp://open.example.com/',
    'CONNECT open.example.com:443',
  ]) {
    for (const more of [[], [place.cookie]]) {
      const answer = await send(envoy, { line, headers: [`Host: ${hostOf(envoy)}`] }, more)
      // The address of a request in absolute form is not that of a check, and not one of ours either.
      expectDenied(t, answer, `${line} ${more.length}`, [400, 401, 403, 404, 421])
    }
  }
  for (const query of ['?allowed_groups=nobody', '?mode=redirect', '?mode=x', '?x#y'.slice(0, 2)]) {
    const answer = await ask(place, 'envoy', { target: `/secret${query}` }, [place.cookie, ...pageView])
    t.equal(answer.status, 200, 'a query is that of the request, and asks for nothing here')
    expectDenied(t, await ask(place, 'envoy', { target: `/secret${query}` }, pageView), query, [401])
  }
}

/** What is ours is never asked about: a script could learn the tokens from the answer. */
async function ownEndpoints(t: Test, place: Place): Promise<void> {
  for (const target of [
    '/oauth2/auth',
    '/oauth2/auth?x',
    '/oauth2/auth/',
    '/oauth2',
    '/oauth2/',
    '/oauth2/userinfo',
    '/oauth2/start?rd=/x',
    '/oauth2/%61uth',
    '/%6Fauth2/auth',
    '/oauth2/auth;x',
    '/oauth2;x/auth',
    '/x/../oauth2/auth',
    '/oauth2/anything/at/all',
  ]) {
    await nobodyPasses(t, place, { target }, [400, 403])
  }
  const lax = await place.another(t, {
    forwardAuth: 'preset: nginx',
    routes: ['path: /**, access: authenticated, allow: [encoded-slash, empty-segment]'],
  })
  for (const target of ['/a%2Fb', '/a//b']) {
    t.equal((await send(lax, told('nginx', lax, { target }), [place.cookie])).status, 200, target)
  }
  for (const target of [
    '//oauth2/auth',
    '/oauth2//auth',
    '/oauth2%2Fauth',
    '/%2Foauth2/auth',
    '//oauth2%2Fauth',
    '/x/..%2foauth2/auth',
  ]) {
    const answer = await send(lax, told('nginx', lax, { target }), [place.cookie])
    expectDenied(t, answer, `${target}, where a proxy sees our own`, [403])
  }
}

async function otherHosts(t: Test, place: Place): Promise<void> {
  for (const host of [
    'evil.example',
    'auth.internal:4180',
    'localhost',
    '127.0.0.1',
    'localhost:1',
    'evil-open.example.com',
    'open.example.com.evil.example',
    '[::1]',
  ]) {
    for (const target of ['/public/', '/x']) await nobodyPasses(t, place, { target, host }, [400, 403])
  }
  for (const preset of presets) {
    const page = await ask(place, preset, { target: '/x', host: 'evil.example' }, pageView)
    expectDenied(t, page, `${preset}: a page of elsewhere`, [400, 403])
    t.notMatch(JSON.stringify(page.headers), /evil/, 'nobody is sent there')
  }
}

async function hostConfusion(t: Test, place: Place): Promise<void> {
  for (const preset of presets) {
    const own = hostOf(place.gateways[preset])
    for (const host of [
      'open.example.com.',
      'open.example.com:',
      'open.example.com:0',
      'open.example.com:080',
      'open.example.com:99999',
      `${own}@open.example.com`,
      `open.example.com@${own}`,
      'open.example.com%00',
      'open.example.com%2f',
      `open.example.com, ${own}`,
      `open.example.com ${own}`,
      'open.example.com\\',
      'open.exa\u00admple.com',
      'open。example。com',
      '*.example.com',
      `${own}.`,
      '',
    ]) {
      const answer = await ask(
        place,
        preset,
        { target: '/public/', host: Buffer.from(host).toString('latin1') },
        [place.cookie],
      )
      expectDenied(t, answer, `${preset} ${JSON.stringify(host)}`, [400, 403])
    }
    for (const host of ['OPEN.example.com', 'open.example.com', 'open.example.com:80']) {
      t.equal(
        (await ask(place, preset, { target: '/secret', host })).status,
        200,
        `${preset} ${host} is that host`,
      )
    }
    const upper = await ask(place, preset, { target: '/secret', host: own.toUpperCase() }, [place.cookie])
    t.equal(upper.status, 200, 'case does not matter')
  }
}

/** Where a page view is sent is our own origin, whatever the request says. */
async function redirects(t: Test, place: Place): Promise<void> {
  const redirecting = await place.another(t, { forwardAuth: 'preset: haproxy, mode: redirect' })
  for (const target of [
    '/x',
    '/x?rd=https://evil.example/',
    '/x?u=//evil.example',
    '/x?a&rd=https://evil.example',
    '/x%0d%0aSet-Cookie:x=1',
    '/@evil.example',
    '/x?%0d%0aX: y',
  ]) {
    for (const line of [
      'X-Auth-Request-Redirect: https://evil.example/',
      'Referer: https://evil.example/',
      'X-Forwarded-Port: 81',
    ]) {
      const { status, headers, body } = await send(redirecting, told('haproxy', redirecting, { target }), [
        ...pageView,
        line,
      ])
      if (status === 403) continue // A line end in a path is nobody's.
      t.equal(status, 302, target)
      const location = new URL(headers['location']?.[0] as string)
      t.equal(location.origin, redirecting.origin)
      t.strictSame([...location.searchParams.keys()], ['rd'], 'one parameter')
      t.equal(location.searchParams.get('rd'), redirecting.origin + target, 'the whole address, and no other')
      t.equal(headers['set-cookie'], undefined)
      t.equal(body, '')
    }
  }
}
