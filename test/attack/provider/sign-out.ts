import type { Test } from 'tap'
import type { Deviations } from '../../support/hostile-provider.ts'
import { expectNoStrangers, expectSignedIn, type HostileScene, hasSession, signIn } from '../hostile-scene.ts'
import { type Checks, deviating } from './case.ts'

export const signOutChecks: Checks = {
  'LO-revocation': revocation,
  'LO-no-endpoint': noEndpoint,
  'LO-address': address,
  'LO-return': returns,
  'LO-replay': replay,
}

async function signedIn(t: Test, deviate: Parameters<typeof deviating>[1]): Promise<HostileScene> {
  const scene = await deviating(t, deviate)
  expectSignedIn(t, scene, await signIn(scene))
  return scene
}

const leave = ({ browser, gateway }: HostileScene) =>
  browser.navigate(`${gateway.origin}/oauth2/sign_out`, {
    method: 'POST',
    headers: { origin: gateway.origin },
    follow: false,
  })

const ways: Readonly<Record<string, Partial<Deviations>>> = {
  '500': { answer: { revoke: { status: 500 } } },
  '503': { answer: { revoke: { status: 503, headers: { 'retry-after': '99999' } } } },
  '400': { answer: { revoke: { status: 400, body: { error: 'unsupported_token_type' } } } },
  'a redirect': { answer: { revoke: { status: 307, headers: { location: 'http://169.254.169.254/' } } } },
  hang: { answer: { revoke: 'hang' } },
  drop: { answer: { revoke: 'drop' } },
  flood: { answer: { revoke: 'flood' } },
}

/** Whatever becomes of the revocation, the session here is over at once. */
async function revocation(t: Test): Promise<void> {
  for (const [name, way] of Object.entries(ways)) {
    await t.test(name, async (t) => {
      const scene = await signedIn(t, way)
      const old = scene.browser.clone()
      const answer = await leave(scene)
      t.ok(answer.status < 400, String(answer.status))
      t.notOk(hasSession(scene))
      t.equal((await old.fetch(`${scene.gateway.origin}/deep`)).status, 401)
      expectNoStrangers(t, scene)
    })
  }
}

/** A provider without an end of sessions: the session here ends, and the browser stays here. */
async function noEndpoint(t: Test): Promise<void> {
  const scene = await signedIn(t, {})
  const answer = await leave(scene)
  t.equal(answer.status, 303)
  t.ok(answer.headers.location?.startsWith(`${scene.gateway.origin}/`))
  t.notOk(hasSession(scene))
}

/** Parameters that the provider puts into its address stand beside ours and replace none. */
async function address(t: Test): Promise<void> {
  const scene = await signedIn(t, (op) => ({
    discovery: {
      end_session_endpoint: `${op.issuer}/end_session?tenant=1&post_logout_redirect_uri=https://evil.example/`,
    },
  }))
  const { headers } = await leave(scene)
  const { searchParams } = new URL(headers.location as string)
  t.strictSame(searchParams.getAll('post_logout_redirect_uri'), [`${scene.gateway.origin}/oauth2/signed_out`])
  t.equal(searchParams.get('tenant'), '1')
}

/** Whatever comes back from the provider is one page: no login, no redirect to anywhere, no markup. */
async function returns(t: Test): Promise<void> {
  const scene = await deviating(t, {})
  const signedOut = `${scene.gateway.origin}/oauth2/signed_out`
  for (const query of [
    '',
    '?state=',
    '?state=x',
    '?state=<script>',
    '?state=a&state=b',
    '?rd=https://evil.example',
    '?error=<script>alert(1)</script>',
    '?state=https://evil.example',
    `?state=${'x'.repeat(5_000)}`,
  ]) {
    const page = await scene.browser.navigate(signedOut + query, { follow: false })
    t.equal(page.status, 200, query.slice(0, 40))
    t.equal(page.headers.location, undefined)
    t.notMatch(page.body, /<script|evil/)
  }
  t.equal(scene.op.count('authorize'), 0)
}

/** A copy of the cookie from before the sign-out is no session. */
async function replay(t: Test): Promise<void> {
  const scene = await signedIn(t, {})
  const copy = scene.browser.clone()
  const before = scene.upstream.bytes()
  await leave(scene)
  t.equal((await copy.fetch(`${scene.gateway.origin}/deep`)).status, 401)
  t.equal(scene.upstream.bytes(), before)
}
