/** What bearer tokens cost: one that was seen before, one that is new, and a flood of such that name unknown keys. */
import { Pool } from 'undici'
import type { Bench } from './bench.ts'
import { postern } from './postern.ts'
import type { Plan } from './rounds.ts'
import { ratios, type Spread, spread } from './statistics.ts'
import { guardedPath, type Running } from './subject.ts'
import { type Signature, signatures, startTokenIssuer, type TokenIssuer } from './token-issuer.ts'

export type TokenResult = Readonly<{
  /** CPU per request with a token that was seen before, over that with a session in the same round. */
  seen: Spread
  /** The same for a token that comes for the first time. */
  firstSight: Readonly<Record<Signature, Spread>>
  /** CPU microseconds per request with a token that comes for the first time. */
  firstSightMicros: Readonly<Record<Signature, number>>
  /** How often the keys were fetched for all of the above. */
  fetches: number
  flood: Readonly<{ tokens: number; seconds: number; fetches: number }>
}>

const floodTokens = 10_000
const floodConnections = 64
/** New tokens a round: each is sent once. */
const newTokens = 600

/** Measures all of it on one Postern that takes sessions and tokens for the same rules. */
export async function compareTokens(bench: Bench, plan: Plan): Promise<TokenResult> {
  const issuer = await startTokenIssuer()
  const gateway = await postern(bench, { tokens: issuer })
  try {
    const costs = await measureCosts(bench, plan, gateway, issuer)
    const fetches = issuer.fetches()
    return { ...costs, fetches, flood: await flood(gateway, issuer) }
  } finally {
    await gateway.close()
    issuer.close()
  }
}

type Kind = 'session' | 'seen' | Signature

async function measureCosts(bench: Bench, plan: Plan, gateway: Running, issuer: TokenIssuer) {
  const { url, pids, cookies } = gateway
  const [token = ''] = await issuer.sign('ES256', 1)
  await bench.load.prepare('session', { url, cookies })
  await bench.load.prepare('seen', { url, cookies: [], authorizations: [`Bearer ${token}`] })
  for (const kind of ['session', 'seen']) await bench.load.run(kind, pids, plan.warmUp)
  const micros: Record<Kind, number[]> = { session: [], seen: [], ES256: [], RS256: [] }
  for (let round = 0; round < plan.rounds; round++) {
    for (const kind of ['session', 'seen'] as const) {
      micros[kind].push((await bench.load.run(kind, pids, plan.slice)).cpuMicros)
    }
    for (const alg of signatures) {
      const tokens = await issuer.sign(alg, newTokens)
      const authorizations = tokens.map((text) => `Bearer ${text}`)
      await bench.load.prepare(alg, { url, cookies: [], authorizations })
      const slice = { connections: 8, warmUp: 50, requests: newTokens - 60, maxSeconds: 5 }
      micros[alg].push((await bench.load.run(alg, pids, slice)).cpuMicros)
    }
  }
  const against = (kind: Kind) => spread(ratios(micros[kind], micros.session))
  return {
    seen: against('seen'),
    firstSight: { ES256: against('ES256'), RS256: against('RS256') },
    firstSightMicros: { ES256: spread(micros.ES256).median, RS256: spread(micros.RS256).median },
  }
}

/** Ten thousand tokens with made-up key ids, each refused. */
async function flood(gateway: Running, issuer: TokenIssuer) {
  const tokens = issuer.withUnknownKeys(floodTokens)
  const before = issuer.fetches()
  const pool = new Pool(new URL(gateway.url).origin, { connections: floodConnections })
  const startedAt = performance.now()
  await Promise.all(tokens.map((token) => refused(pool, token)))
  const seconds = (performance.now() - startedAt) / 1000
  await pool.close()
  return { tokens: floodTokens, seconds, fetches: issuer.fetches() - before }
}

async function refused(pool: Pool, token: string): Promise<void> {
  const headers = { authorization: `Bearer ${token}` }
  const { statusCode, body } = await pool.request({ method: 'GET', path: guardedPath, headers })
  await body.dump()
  if (statusCode !== 401) throw new Error(`a token with an unknown key was answered with ${statusCode}`)
}
