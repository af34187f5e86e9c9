import { KeyObject } from 'node:crypto'
import t, { type Test } from 'tap'
import { accessTokenChecks } from './access-token-checks.ts'
import { expectRefused, present, startTokenScene } from './access-token-scene.ts'
import { runFamily } from './family.ts'
import { type Forgery, forgeries } from './forgeries.ts'
import { allTokenRows, type TokenRow } from './rows.ts'

/** One forged token, presented to a gateway that knows the keys of its issuer. */
async function attempt(t: Test, forgery: Forgery): Promise<void> {
  const { algorithms = ['ES256', 'RS256'], outcome = 'refuse', keys, status = 401 } = forgery
  const scene = await startTokenScene(t, {
    algorithms,
    prepare: (op) => {
      if (keys) op.deviations.keys = keys(op.publicJwk)
    },
  })
  const token = await forgery.token({ ...scene.base, key: KeyObject.from(scene.op.privateKey) })
  const answer = await present(scene, token)
  if (outcome === 'refuse') return expectRefused(t, scene, answer, status)
  if (outcome === 'either' && answer.status === 401) return expectRefused(t, scene, answer)
  t.equal(answer.status, 200, answer.body)
  t.match(scene.upstream.bytes(), '\r\nX-Forwarded-User: alice\r\n')
  scene.expectNoStrangers(t)
}

async function tryAll(row: TokenRow, t: Test): Promise<void> {
  const variants = forgeries[row.id]?.filter(({ only }) => only !== 'ID') ?? []
  t.ok(variants.length > 0, 'there is a way to carry it out')
  for (const forgery of variants) await t.test(forgery.name, (t) => attempt(t, forgery))
}

await runFamily(
  t,
  'access tokens',
  allTokenRows().filter(({ where }) => where.includes('AT')),
  async (row, t) => {
    await accessTokenChecks[row.id]?.(t)
    if (accessTokenChecks[row.id] === undefined || forgeries[row.id] !== undefined) await tryAll(row, t)
  },
  ({ id, attack }) => `${id} ${attack}`,
)
