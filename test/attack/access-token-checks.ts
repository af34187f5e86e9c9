import type { Test } from 'tap'
import type { HostileProvider, Misdeed } from '../support/hostile-provider.ts'
import { ask } from '../support/scene.ts'
import { audience, expectRefused, present, startTokenScene, type TokenScene } from './access-token-scene.ts'
import { signed } from './forgeries.ts'
import { elsewhere, endlessKeySets } from './id-token-checks.ts'
import { named } from './rows.ts'

type Check = (t: Test) => Promise<void>

/** Rows that more happens in than one request with one forged token. */
export const accessTokenChecks: Readonly<Record<string, Check>> = {
  J027: manyUnknownKeys,
  J083: otherApi,
  J115: endlessKeys,
  J117: redirectedKeys,
  J127: oddScopes,
  J129: scopeCase,
  J133: foreignNames,
}

/** A thousand tokens, each with a key id of its own: the keys are fetched twice at most, and a good token still passes. */
async function manyUnknownKeys(t: Test): Promise<void> {
  const start = Math.floor(Date.now() / 1000)
  const scene = await startTokenScene(t, { level: 'fatal', clock: () => start })
  for (let batch = 0; batch < 20; batch += 1) {
    const answers = Array.from({ length: 50 }, (_, index) =>
      present(scene, signed(scene.base, { header: { kid: `unknown-${batch}-${index}` } })),
    )
    const statuses = (await Promise.all(answers)).map(({ status }) => status)
    t.ok(statuses.every((status) => status === 401))
  }
  t.ok(scene.op.count('jwks') <= 2, `${scene.op.count('jwks')} requests for keys`)
  t.equal(scene.upstream.bytes(), '')
  t.equal((await present(scene, signed(scene.base, {}))).status, 200)
}

async function otherApi(t: Test): Promise<void> {
  for (const aud of ['api://b', [`${audience}/c`], 'https://api.example.com.evil.example']) {
    await t.test(`${aud} anywhere`, async (t) => {
      const scene = await startTokenScene(t)
      expectRefused(t, scene, await present(scene, signed(scene.base, { claims: { aud } })))
    })
  }
  await t.test('the audience of another route', async (t) => {
    const scene = await startTokenScene(t)
    const token = signed(scene.base, { claims: { aud: `${audience}/b` } })
    expectRefused(t, scene, await present(scene, token, '/a/x'))
    t.equal((await present(scene, token)).status, 200, 'where it is for')
    const before = scene.upstream.bytes()
    t.equal((await present(scene, token, '/a/x')).status, 401, 'known as good meanwhile')
    t.equal(scene.upstream.bytes(), before)
  })
}

async function endlessKeys(t: Test): Promise<void> {
  for (const [name, answer] of Object.entries(endlessKeySets)) {
    await t.test(name, (t) => withoutKeys(t, answer))
  }
}

async function redirectedKeys(t: Test): Promise<void> {
  for (const location of elsewhere) {
    for (const status of [301, 302, 307, 308]) {
      await t.test(`${status} to ${location}`, (t) =>
        withoutKeys(t, () => ({ status, headers: { location } })),
      )
    }
  }
}

/** While the keys cannot be had a token is not judged, whatever it says; and everything else goes on. */
async function withoutKeys(t: Test, answer: (op: HostileProvider) => Misdeed): Promise<void> {
  const scene = await startTokenScene(t, {
    routes: ['path: /**, access: authenticated', 'path: /public/**, access: public'],
    prepare: (op) => {
      op.deviations.answer = { jwks: answer(op) }
    },
    bearerKeys: 'timeout: 1s',
  })
  const pending = present(scene, signed(scene.base, {}))
  t.match(await ask(scene.gateway, 'GET /public/x'), /^HTTP\/1\.1 200 /, 'others are served meanwhile')
  t.equal((await pending).status, 503)
  t.notMatch(scene.upstream.bytes(), /authorization/i)
  scene.expectNoStrangers(t)
}

/** Only text split at single spaces, and lists of scopes, name scopes. */
async function oddScopes(t: Test): Promise<void> {
  const rows: [scope: unknown, status: number][] = [
    [['admin'], 200],
    [['read', 'admin'], 200],
    ['read admin', 200],
    [[['admin']], 403],
    [{ admin: true }, 403],
    [1, 403],
    [true, 403],
    ['read\tadmin', 403],
    ['read\nadmin', 403],
    ['read\u00a0admin', 403],
    ['read,admin', 403],
    [['read admin'], 403],
    [['admin', 1], 403],
    ['', 403],
    [null, 403],
  ]
  for (const [scope, status] of rows) await t.test(named(scope), (t) => admin(t, { scope }, status))
}

async function scopeCase(t: Test): Promise<void> {
  for (const scope of ['Admin', 'ADMIN', 'admin*', 'admi', 'admins', '*']) {
    await t.test(scope, (t) => admin(t, { scope }, 403))
  }
}

async function admin(t: Test, claims: Record<string, unknown>, status: number): Promise<void> {
  const scene = await startTokenScene(t)
  const answer = await present(scene, signed(scene.base, { claims }), '/admin/x')
  t.equal(answer.status, status)
  if (status === 403) t.match(answer.challenge, 'error="insufficient_scope"')
  t.equal(scene.upstream.bytes() === '', status === 403)
}

/** Names beyond ASCII are one header line each; what cannot be one is refused or not sent. */
async function foreignNames(t: Test): Promise<void> {
  for (const name of [
    'J\u00fcrgen \u20ac',
    '\u0085X-Evil: 1',
    '\u2028X-Evil: 1',
    'a\r\nX-Evil: 1',
    'a\0',
    '\u010d\u010aX-Evil: 1',
  ]) {
    await t.test(named(name), async (t) => {
      const scene = await startTokenScene(t)
      const claims = { preferred_username: name, email: name, groups: [name] }
      const { status } = await present(scene, signed(scene.base, { claims }))
      t.ok([200, 401].includes(status))
      t.notMatch(
        scene.upstream
          .bytes()
          .split(/\r\n|\r|\n|\0/)
          .join('\n'),
        /^X-Evil/im,
      )
      expectNoNameTwice(t, scene)
    })
  }
}

function expectNoNameTwice(t: Test, { upstream }: TokenScene): void {
  const [head = ''] = upstream.bytes().split('\r\n\r\n')
  const names = head.split('\r\n').map((line) => line.split(':')[0]?.toLowerCase())
  t.equal(new Set(names).size, names.length)
}
