import type { Test } from 'tap'
import { startGateway } from '../../support/gateway.ts'
import { expectRefused, present, startTokenScene } from '../access-token-scene.ts'
import { signed } from '../forgeries.ts'
import { named } from '../rows.ts'
import type { Check, Checks } from './case.ts'

type Members = Readonly<Record<string, unknown>>

const now = () => Math.floor(Date.now() / 1000)

/** Well-signed access tokens that are refused for what they say. */
function refusedClaims(ways: readonly Members[], header: Members = {}): Check {
  return async (t) => {
    for (const claims of ways) {
      await t.test(named(claims), async (t) => {
        const scene = await startTokenScene(t)
        expectRefused(t, scene, await present(scene, signed(scene.base, { header, claims })))
      })
    }
  }
}

/** What is tried with access tokens beside what one forged token can show. */
export const bearerChecks: Checks = {
  'BT-times': refusedClaims([
    { exp: undefined },
    { exp: 1e300 },
    { exp: -1 },
    { exp: 0 },
    { exp: '9999999999' },
    { exp: now() + 300.5 },
    { exp: [now() + 300] },
    { nbf: now() + 301 },
    { nbf: 'soon' },
    { iat: now() + 3600 },
    { iat: 'now' },
  ]),
  'BT-id-token': async (t) => {
    const idToken = { nonce: 'x', at_hash: 'x', scope: undefined, client_id: undefined }
    for (const typ of [undefined, 'JWT'])
      await refusedClaims([idToken, { nonce: 'x' }, { at_hash: 'x' }], { typ })(t)
    await refusedClaims([{}], { typ: 'logout+jwt' })(t)
    await refusedClaims([{}], { typ: 'dpop+jwt' })(t)
  },
  'BT-logout-token': refusedClaims(
    [{ events: { 'http://schemas.openid.net/event/backchannel-logout': {} } }],
    { typ: 'JWT' },
  ),
  'BT-bound': refusedClaims([{ cnf: { jkt: 'x' } }, { cnf: { 'x5t#S256': 'x' } }]),
  'BT-audience-required': audienceRequired,
  'BT-keys-outage': keysOutage,
  'BT-keys-withdrawn': keysWithdrawn,
  'BT-remembered': remembered,
}

async function audienceRequired(t: Test): Promise<void> {
  for (const audience of ['', ', audience: []', ', audience: ""', ', audience: null']) {
    const options = {
      provider: 'none',
      upstream: 'http://127.0.0.1:9',
      routes: ['path: /**, access: authenticated'],
      bearer: `issuers: [{ issuer: "https://op.example"${audience} }]`,
    }
    await t.rejects(startGateway(t, options), /audience/)
  }
}

/** Known keys serve on while the key server is down; a key id that nobody knows is refused or cannot be judged. */
async function keysOutage(t: Test): Promise<void> {
  const scene = await startTokenScene(t)
  t.equal((await present(scene, signed(scene.base, {}))).status, 200)
  scene.op.deviations.answer = { jwks: { status: 503 } }
  scene.gateway.advance(200)
  t.equal((await present(scene, signed(scene.base, { claims: { jti: 'two' } }))).status, 200)
  const before = scene.upstream.bytes()
  const unknown = await present(scene, signed(scene.base, { header: { kid: 'unknown' } }))
  t.ok([401, 503].includes(unknown.status))
  t.equal(scene.upstream.bytes(), before)
  t.equal(
    (await present(scene, signed(scene.base, { claims: { jti: 'three' } }))).status,
    200,
    'others go on',
  )
}

/** A token that was good is refused within minutes once its key is withdrawn. */
async function keysWithdrawn(t: Test): Promise<void> {
  const scene = await startTokenScene(t)
  const token = signed(scene.base, { claims: { exp: now() + 3600 } })
  t.equal((await present(scene, token)).status, 200)
  const before = scene.upstream.bytes()
  scene.op.deviations.keys = [{ ...scene.op.publicJwk, kid: 'other' }]
  scene.gateway.advance(301)
  t.equal((await present(scene, token)).status, 401)
  t.equal(scene.upstream.bytes(), before)
}

/** That a token is known as good ends with the token. */
async function remembered(t: Test): Promise<void> {
  const scene = await startTokenScene(t)
  const token = signed(scene.base, { claims: { exp: now() + 100 } })
  t.equal((await present(scene, token)).status, 200)
  const before = scene.upstream.bytes()
  scene.gateway.advance(161)
  t.equal((await present(scene, token)).status, 401, 'past the tolerance')
  for (const spoiled of [`${token}A`, token.slice(0, -1), `${token}=`, token.toUpperCase()]) {
    t.equal((await present(scene, spoiled)).status, 401)
  }
  t.equal(scene.upstream.bytes(), before)
}
