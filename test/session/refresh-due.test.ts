import { createHash } from 'node:crypto'
import t from 'tap'
import { isRefreshDue, secondsLeft } from '../../src/session/refresh-due.ts'
import { sampleSession, sampleTokens, start } from './samples.ts'

/** How many seconds before the end of its access token a session is due. */
function aheadOf(id: string, lifetime: number, refreshBefore: number): number {
  const session = sampleSession({ id, tokens: sampleTokens({ expiresAt: start + lifetime }) })
  let ahead = 0
  while (isRefreshDue(session, refreshBefore, start + lifetime - ahead)) ahead += 0.5
  return ahead
}

/** As random as a real one, and the same in every run. */
function sessionId(seed: number): string {
  return createHash('sha256').update(`${seed}`).digest('base64url').slice(0, 22)
}

t.test('sessions are due at their time and a share of it earlier, each its own', (t) => {
  const aheads = Array.from({ length: 200 }, (_, index) => aheadOf(sessionId(index), 3600, 60))
  t.ok(aheads.every((ahead) => ahead >= 60 && ahead <= 75.5))
  t.ok(new Set(aheads).size > 20, 'they differ')
  t.equal(aheadOf('id-1', 3600, 60), aheadOf('id-1', 3600, 60), 'but not from call to call')
  t.end()
})

t.test('a short-lived token is not refreshed all the time', (t) => {
  const ahead = aheadOf('id-1', 60, 60)
  t.ok(ahead >= 20 && ahead <= 25.5)
  t.end()
})

t.test('a token that ended before it was obtained is due at its end', (t) => {
  const tokens = sampleTokens({ obtainedAt: start + 600, expiresAt: start + 300 })
  t.ok(isRefreshDue(sampleSession({ tokens }), 60, start + 300))
  t.end()
})

t.test('counts the seconds left', (t) => {
  t.equal(secondsLeft(sampleSession(), start), 300)
  const { expiresAt: _, ...tokens } = sampleTokens()
  t.equal(secondsLeft(sampleSession({ tokens }), start), Number.POSITIVE_INFINITY)
  t.end()
})
