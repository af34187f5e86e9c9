import { generateKeyPairSync, type KeyObject, sign as signBytes } from 'node:crypto'
import type { Test } from 'tap'
import type {
  Deviations,
  HostileProvider,
  HostileRequest,
  IdTokenParts,
} from '../../support/hostile-provider.ts'
import { expectNobody, expectSignedIn, signIn } from '../hostile-scene.ts'
import { answering, type Check, type Checks, deviating, json, refused } from './case.ts'
import { hintOf } from './requests.ts'

type Way = Partial<Deviations> | ((op: HostileProvider) => Partial<Deviations>)

const now = () => Math.floor(Date.now() / 1000)
const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const otherRsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed25519 = generateKeyPairSync('ed25519')
const other = generateKeyPairSync('ec', { namedCurve: 'P-256' })

const jwk = (key: KeyObject, kid: string) => ({ ...key.export({ format: 'jwk' }), kid, use: 'sig' })

/** Signs ID tokens with this key, whatever their claims. */
const by =
  (alg: string, key: KeyObject, kid?: string) =>
  ({ claims }: IdTokenParts): string => {
    const input = `${encode({ alg, ...(kid !== undefined && { kid }) })}.${encode(claims)}`
    const hash = alg.startsWith('Ed') ? null : 'sha256'
    const options = { key, dsaEncoding: 'ieee-p1363' as const }
    return `${input}.${signBytes(hash, Buffer.from(input), options).toString('base64url')}`
  }

const claims = (changed: Record<string, unknown>): Way => ({ claims: changed })

/** One login that is refused after the code was redeemed. */
const refusedWith = (way: Way): Check => refused({ login: way }, 1)
const refusedAll = (ways: Readonly<Record<string, Way>>): Check => refused(ways, 1)

/** One login that succeeds. */
function signedInWith(way: Way, providerKeys = 'timeout: 5s'): Check {
  return async (t) => {
    const scene = await deviating(t, way, { providerKeys })
    expectSignedIn(t, scene, await signIn(scene))
  }
}

/** Either way, as long as nobody else is signed in. */
function either(way: Way): Check {
  return async (t) => {
    const scene = await deviating(t, way)
    const page = await signIn(scene)
    if (page.status === 200) expectSignedIn(t, scene, page)
    else await expectNobody(t, scene, page)
  }
}

/** The callback is refused before anything is redeemed. */
const refusedCallback = (change: (url: URL, op: HostileProvider) => void): Check =>
  refused({ login: (op) => answering(op, (url) => change(url, op)) }, 0)

/** A refresh whose ID token breaks a rule. */
function refreshRefused(way: Way, status: number): Check {
  return async (t) => {
    const scene = await deviating(t, {})
    expectSignedIn(t, scene, await signIn(scene))
    const before = scene.upstream.bytes()
    scene.gateway.advance(301)
    Object.assign(scene.op.deviations, typeof way === 'function' ? way(scene.op) : way)
    t.equal((await scene.browser.fetch(`${scene.gateway.origin}/deep`)).status, status)
    t.equal(scene.upstream.bytes(), before)
  }
}

const promising = { discovery: { authorization_response_iss_parameter_supported: true } }

/** What a relying party does with what it gets. */
export const relyingPartyChecks: Checks = {
  'RP-discovery': signedInWith({}),
  'RP-discovery-issuer': refused({ login: { discovery: { issuer: 'https://other.example' } } }, 0),
  'RP-signature-rs256': signedInWith({
    keys: [jwk(rsa.publicKey, 'r')],
    sign: by('RS256', rsa.privateKey, 'r'),
  }),
  'RP-signature-es256': signedInWith({}, 'id_token_algorithms: [ES256]'),
  'RP-signature-eddsa': signedInWith({
    keys: [jwk(ed25519.publicKey, 'e')],
    sign: by('EdDSA', ed25519.privateKey, 'e'),
    claims: { at_hash: undefined },
  }),
  'RP-signature-rs256-bad': refusedWith({
    keys: [jwk(rsa.publicKey, 'r')],
    sign: by('RS256', otherRsa.privateKey, 'r'),
  }),
  'RP-signature-es256-bad': refusedWith({ sign: by('ES256', other.privateKey, 'good') }),
  'RP-signature-hs256': refusedWith((op) => ({
    sign: ({ claims }) =>
      op.sign({ header: { alg: 'HS256' }, claims }, Buffer.from(op.clientSecret.padEnd(32))),
  })),
  'RP-alg-none': refusedWith({ sign: ({ claims }) => `${encode({ alg: 'none' })}.${encode(claims)}.` }),
  'RP-alg-other': async (t) => {
    const way = { keys: [jwk(rsa.publicKey, 'r')], sign: by('RS256', rsa.privateKey, 'r') }
    const scene = await deviating(t, way, { providerKeys: 'id_token_algorithms: [ES256]' })
    await expectNobody(t, scene, await signIn(scene))
  },
  'RP-kid-absent-one-key': signedInWith({ header: { kid: undefined } }),
  'RP-kid-absent-several-keys': either((op) => ({
    header: { kid: undefined },
    keys: [op.publicJwk, jwk(other.publicKey, 'other')],
  })),
  'RP-kid-unknown': refusedWith({ header: { kid: 'unknown' } }),
  'RP-iss-wrong': refusedWith(claims({ iss: 'https://other.example' })),
  'RP-iss-missing': refusedWith(claims({ iss: undefined })),
  'RP-aud-wrong': refusedWith(claims({ aud: 'other' })),
  'RP-aud-missing': refusedWith(claims({ aud: undefined })),
  'RP-aud-several': refusedWith(claims({ aud: ['postern', 'other'] })),
  'RP-aud-several-azp': signedInWith(claims({ aud: ['postern', 'other'], azp: 'postern' })),
  'RP-azp-other': refusedWith(claims({ azp: 'other' })),
  'RP-sub-missing': refusedWith(claims({ sub: undefined })),
  'RP-iat-missing': refusedWith(claims({ iat: undefined })),
  'RP-iat-far': refusedAll({ old: claims({ iat: now() - 86_400 }), ahead: claims({ iat: now() + 600 }) }),
  'RP-exp-missing': refusedWith(claims({ exp: undefined })),
  'RP-exp-past': refusedWith(claims({ exp: now() - 600 })),
  'RP-nbf-ahead': refusedWith(claims({ nbf: now() + 600 })),
  'RP-nonce-valid': signedInWith({}),
  'RP-nonce-wrong': refusedWith(claims({ nonce: 'other' })),
  'RP-nonce-missing': refusedWith(claims({ nonce: undefined })),
  'RP-at-hash-wrong': refusedWith(claims({ at_hash: 'AAAAAAAAAAAAAAAAAAAAAA' })),
  'RP-at-hash-absent': signedInWith(claims({ at_hash: undefined })),
  'RP-c-hash-wrong': either(claims({ c_hash: 'AAAAAAAAAAAAAAAAAAAAAA' })),
  'RP-max-age': maxAge,
  'RP-typ-other': refusedAll({
    access: { header: { typ: 'at+jwt' } },
    logout: { header: { typ: 'logout+jwt' } },
  }),
  'RP-keys-rotated': keysRotated,
  'RP-userinfo-sub': refusedAll({
    other: { userinfo: { sub: 'mallory' } },
    missing: { userinfo: { email: 'a@b.example' } },
  }),
  'RP-userinfo-jwt': refusedWith((op) => ({
    answer: {
      userinfo: {
        ...(json(`${encode({ alg: 'none' })}.${encode({ iss: op.issuer, sub: 'alice' })}.`) as object),
        status: 200,
        headers: { 'content-type': 'application/jwt' },
      },
    },
  })),
  'RP-state-missing': refusedCallback((url) => url.searchParams.delete('state')),
  'RP-state-wrong': stateWrong,
  'RP-code-and-error': refusedCallback((url) => url.searchParams.set('error', 'access_denied')),
  'RP-error': refusedCallback((url) => {
    url.searchParams.delete('code')
    url.searchParams.set('error', 'access_denied')
  }),
  'RP-response-iss': signedInWith((op) => ({
    ...promising,
    ...answering(op, (url) => url.searchParams.set('iss', op.issuer)),
  })),
  'RP-response-iss-wrong': refusedCallback((url) => url.searchParams.set('iss', 'https://other.example')),
  'RP-response-iss-missing': refused({ login: promising }, 0),
  'RP-refresh-sub': refreshRefused(claims({ sub: 'mallory' }), 401),
  'RP-refresh-iss': refreshRefused(claims({ iss: 'https://other.example' }), 502),
  'RP-refresh-aud': refreshRefused(claims({ aud: 'other' }), 502),
  'RP-refresh-nonce': refreshRefused(claims({ nonce: 'other' }), 502),
  'RP-refresh-auth-time': refreshRefused(claims({ auth_time: 1 }), 502),
  'RP-refresh-signature': refreshRefused({ sign: by('ES256', other.privateKey, 'good') }, 502),
  'RP-logout': logout,
  'RP-logout-return': logoutReturn,
  'RP-logout-channels': logoutChannels,
}

/** Who asked for a recent sign-in must be shown when it was. */
async function maxAge(t: Test): Promise<void> {
  const providerKeys = 'authorization_params: { max_age: "60" }'
  for (const auth_time of [undefined, now() - 3600, String(now())]) {
    const scene = await deviating(t, { claims: { auth_time } }, { providerKeys })
    await expectNobody(t, scene, await signIn(scene))
  }
  const good = await deviating(t, { claims: { auth_time: now() } }, { providerKeys })
  expectSignedIn(t, good, await signIn(good))
}

async function keysRotated(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  await scene.gateway.logged(/the provider is ready/)
  Object.assign(scene.op.deviations, {
    keys: [jwk(other.publicKey, 'new')],
    sign: by('ES256', other.privateKey, 'new'),
  })
  expectSignedIn(t, scene, await signIn(scene))
}

/** A state that is not of this login never redeems a code; the login is begun once more at most. */
async function stateWrong(t: Test): Promise<void> {
  const scene = await deviating(t, (op) =>
    answering(op, (url) => url.searchParams.set('state', 'A'.repeat(43))),
  )
  const page = await signIn(scene)
  t.ok([400, 403, 502].includes(page.status), String(page.status))
  t.equal(scene.op.count('token'), 0)
  t.ok(scene.op.count('authorize') <= 3, 'no loop')
  t.equal(scene.upstream.bytes(), '')
}

const endSession = (op: HostileProvider) => ({
  discovery: { end_session_endpoint: `${op.issuer}/end_session` },
})

async function logout(t: Test): Promise<void> {
  const scene = await deviating(t, endSession)
  expectSignedIn(t, scene, await signIn(scene))
  const revoked = new Promise<HostileRequest>((resolve) => {
    scene.op.deviations.answer = { revoke: (request) => void resolve(request) }
  })
  const { origin } = scene.gateway
  const init = { method: 'POST', headers: { origin }, follow: false } as const
  const { headers, status } = await scene.browser.navigate(`${origin}/oauth2/sign_out?rd=/bye`, init)
  t.equal(status, 303)
  const { searchParams, pathname } = new URL(headers.location as string)
  t.equal(pathname, '/end_session')
  t.match(hintOf(headers.location as string), { sub: 'alice', iss: scene.op.issuer, aud: 'postern' })
  t.equal(searchParams.get('client_id'), 'postern')
  t.equal(searchParams.get('post_logout_redirect_uri'), `${origin}/oauth2/signed_out`)
  t.match(searchParams.get('state'), /^[\w-]{40,}$/)
  const { parameters } = await revoked
  t.equal(parameters['token_type_hint'], 'refresh_token')
}

async function logoutReturn(t: Test): Promise<void> {
  const scene = await deviating(t, endSession)
  expectSignedIn(t, scene, await signIn(scene))
  const { origin } = scene.gateway
  const init = { method: 'POST', headers: { origin }, follow: false } as const
  const { headers } = await scene.browser.navigate(`${origin}/oauth2/sign_out?rd=/bye`, init)
  const back = new URL(`${origin}/oauth2/signed_out`)
  for (const state of [undefined, 'other', '']) {
    if (state !== undefined) back.searchParams.set('state', state)
    const page = await scene.browser.navigate(back.href, { follow: false })
    t.strictSame([page.status, page.headers.location], [200, undefined])
  }
  back.searchParams.set('state', new URL(headers.location as string).searchParams.get('state') as string)
  const good = await scene.browser.navigate(back.href, { follow: false })
  t.strictSame([good.status, good.headers.location], [303, `${origin}/bye`])
}

/** What is not offered is not there: logout by the provider, and frames that watch sessions. */
async function logoutChannels(t: Test): Promise<void> {
  const scene = await deviating(t, { discovery: { check_session_iframe: 'https://evil.example/frame' } })
  expectSignedIn(t, scene, await signIn(scene))
  const { origin } = scene.gateway
  for (const path of ['backchannel_logout', 'frontchannel_logout', 'check_session']) {
    for (const method of ['GET', 'POST']) {
      t.equal((await scene.browser.fetch(`${origin}/oauth2/${path}`, { method })).status, 404)
    }
  }
  const page = await scene.browser.navigate(`${origin}/oauth2/signed_out`)
  t.notMatch(page.body, /iframe|evil/)
  t.equal((await scene.browser.fetch(`${origin}/deep`)).status, 200)
}
