import t, { type Test } from 'tap'
import { runFamily } from './family.ts'
import { clientKeyPem, type Forgery, forgeries } from './forgeries.ts'
import { expectNobody, expectSignedIn, signIn, startHostileScene } from './hostile-scene.ts'
import { idTokenChecks } from './id-token-checks.ts'
import { forge } from './id-token-forger.ts'
import { allTokenRows, type TokenRow } from './rows.ts'

const client = 'client_id: postern, client_auth: private_key_jwt, client_key_file: /key.pem'

/** One login whose ID token is forged; the client has a key of its own that tokens could be encrypted to. */
async function attempt(t: Test, forgery: Forgery): Promise<void> {
  const { algorithms = ['ES256', 'RS256'], outcome = 'refuse' } = forgery
  const usesKey = forgery.name.includes('key of the client')
  const scene = await startHostileScene(t, {
    prepare: (op) => forge(op, forgery),
    providerKeys: `claims_from: [id_token], clock_tolerance: 60s, id_token_algorithms: [${algorithms}]`,
    ...(usesKey && { client: () => client, file: clientKeyPem }),
  })
  const page = await signIn(scene)
  t.equal(scene.op.count('token'), 1, 'the code was redeemed')
  const isAccepted = outcome === 'accept' || (outcome === 'either' && page.status === 200)
  if (isAccepted) expectSignedIn(t, scene, page)
  else await expectNobody(t, scene, page)
}

async function tryAll(row: TokenRow, t: Test): Promise<void> {
  const variants = forgeries[row.id]?.filter(({ only }) => only !== 'AT') ?? []
  t.ok(variants.length > 0, 'there is a way to carry it out')
  for (const forgery of variants) await t.test(forgery.name, (t) => attempt(t, forgery))
}

await runFamily(
  t,
  'ID tokens',
  allTokenRows().filter(({ where }) => ['ID', 'UI', 'OP'].some((kind) => where.includes(kind))),
  async (row, t) => {
    await idTokenChecks[row.id]?.(t)
    if (idTokenChecks[row.id] === undefined || forgeries[row.id] !== undefined) await tryAll(row, t)
  },
  ({ id, attack }) => `${id} ${attack}`,
)
