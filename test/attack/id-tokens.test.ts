import { createHash, KeyObject } from 'node:crypto'
import t, { type Test } from 'tap'
import type { HostileProvider, IdTokenParts } from '../support/hostile-provider.ts'
import { runFamily } from './family.ts'
import { type Base, clientKeyPem, type Forgery, forgeries } from './forgeries.ts'
import {
  expectNobody,
  expectSignedIn,
  type HostileScene,
  signIn,
  startHostileScene,
} from './hostile-scene.ts'
import { type TokenRow, tokenRows } from './rows.ts'

const accessToken = 'the-access-token'

function baseOf(op: HostileProvider, { header, claims }: IdTokenParts): Base {
  const digest = createHash('sha256').update(accessToken).digest()
  return {
    header,
    claims: { ...claims, at_hash: digest.subarray(0, 16).toString('base64url') },
    key: KeyObject.from(op.privateKey),
    clientSecret: op.clientSecret,
    accessToken,
  }
}

function forge(op: HostileProvider, forgery: Pick<Forgery, 'token' | 'keys'>): void {
  Object.assign(op.deviations, {
    token: { access_token: accessToken },
    sign: (parts: IdTokenParts) => forgery.token(baseOf(op, parts)),
    ...(forgery.keys && { keys: forgery.keys(op.publicJwk) }),
    discovery: { id_token_signing_alg_values_supported: ['none', 'HS256', 'ES256', 'ES384', 'RS1', 'EdDSA'] },
  })
}

async function attempt(t: Test, forgery: Forgery): Promise<void> {
  const { algorithms = ['ES256', 'RS256'], outcome = 'refuse' } = forgery
  const scene = await startHostileScene(t, {
    prepare: (op) => forge(op, forgery),
    providerKeys: `claims_from: [id_token], clock_tolerance: 60s, id_token_algorithms: [${algorithms}]`,
  })
  const page = await signIn(scene)
  t.equal(scene.op.count('token'), 1, 'the code was redeemed')
  const isIn = page.status === 200
  if (outcome === 'accept' || (outcome === 'either' && isIn)) expectSignedIn(t, scene, page)
  else await expectNobody(t, scene, page)
}

async function tryAll(row: TokenRow, t: Test): Promise<void> {
  const variants = forgeries[row.id]?.filter(({ only }) => only !== 'AT')
  if (variants === undefined) throw new Error(`no check for ${row.id}`)
  for (const forgery of variants) await t.test(forgery.name, (t) => attempt(t, forgery))
}

const checks: Readonly<Record<string, (t: Test, row: TokenRow) => Promise<void>>> = {}

await runFamily(
  t,
  'ID tokens',
  tokenRows('ID'),
  (row, t) => checks[row.id]?.(t, row) ?? tryAll(row, t),
  ({ id, attack }) => `${id} ${attack}`,
)
void clientKeyPem

export type { HostileScene }
