import { KeyObject } from 'node:crypto'
import t, { type Test } from 'tap'
import { runFamily } from './family.ts'
import { signed } from './forgeries.ts'
import {
  expectNoStrangers,
  expectSignedIn,
  type HostileScene,
  signIn,
  startHostileScene,
} from './hostile-scene.ts'
import { allTokenRows } from './rows.ts'

const event = 'http://schemas.openid.net/event/backchannel-logout'

/** Where other gateways take logout tokens. */
const paths = [
  'backchannel_logout',
  'backchannel-logout',
  'back_channel_logout',
  'logout/backchannel',
  'frontchannel_logout',
]

function logoutToken({ op }: HostileScene, claims: Record<string, unknown>): string {
  const now = Math.floor(Date.now() / 1000)
  const usual = { iss: op.issuer, aud: op.clientId, sub: 'alice', iat: now, exp: now + 120, jti: 'j' }
  const base = {
    header: { alg: 'ES256', kid: 'good', typ: 'logout+jwt' },
    claims: { ...usual, events: { [event]: {} }, ...claims },
    key: KeyObject.from(op.privateKey),
    clientSecret: op.clientSecret,
    accessToken: '',
  }
  return signed(base, {})
}

async function post({ gateway, browser }: HostileScene, path: string, token: string) {
  const headers = { 'content-type': 'application/x-www-form-urlencoded' }
  const body = new URLSearchParams({ logout_token: token, x: '1' }).toString()
  return browser.clone().fetch(`${gateway.origin}/oauth2/${path}`, { method: 'POST', headers, body })
}

/** Even a good logout token finds no endpoint, ends no session and reaches no upstream. */
async function noEndpoint(t: Test): Promise<void> {
  const scene = await startHostileScene(t)
  expectSignedIn(t, scene, await signIn(scene))
  const before = scene.upstream.bytes()
  for (const path of paths) {
    for (const claims of [{}, { events: undefined }, { sid: 'of somebody else' }]) {
      t.equal((await post(scene, path, logoutToken(scene, claims))).status, 404, path)
    }
  }
  t.equal(scene.upstream.bytes(), before)
  t.equal((await scene.browser.fetch(`${scene.gateway.origin}/deep`)).status, 200, 'the session lives')
  expectNoStrangers(t, scene)
}

await runFamily(
  t,
  'logout tokens',
  allTokenRows().filter(({ where }) => where.join() === 'LT'),
  (_, t) => noEndpoint(t),
  ({ id, attack }) => `${id} ${attack}`,
)
