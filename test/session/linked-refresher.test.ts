import t from 'tap'
import { createEndedSessions } from '../../src/session/ended-sessions.ts'
import { createGenerations } from '../../src/session/generations.ts'
import { createLinkedRefresher } from '../../src/session/linked-refresher.ts'
import type { Outcome } from '../../src/session/refresh-outcome.ts'
import { sampleSession } from './samples.ts'

const now = 1_000

function setUp(
  answer: Outcome = { kind: 'unavailable', code: 'POSTERN_PROVIDER_UNREACHABLE', retryAfter: 1 },
) {
  const told: string[] = []
  const clock = () => now
  const ended = createEndedSessions({ clock })
  const generations = createGenerations()
  const awaited = new Map<string, number>()
  const refresher = createLinkedRefresher({
    link: {
      renew: async ({ id }) => {
        told.push(`renew ${id}`)
        return answer
      },
      tellSeen: ({ id, generation }) => told.push(`seen ${id} ${generation}`),
    },
    ...{ ended, generations, awaited, clock },
    refreshBefore: 60,
  })
  return { ...refresher, told, ended, generations, awaited }
}

const session = (expiresAt: number, more: object = {}) => {
  const base = sampleSession()
  return { ...base, ...more, tokens: { ...base.tokens, obtainedAt: now - 300, expiresAt } }
}

t.test('what needs no refresh is told without asking', async (t) => {
  const { current, told, ended } = setUp()
  const fresh = session(now + 300)
  t.strictSame(current(fresh), { kind: 'current', session: fresh })
  const { refreshToken: _, ...tokens } = session(now - 1).tokens
  t.match(current({ ...fresh, tokens }), { kind: 'expired' })
  ended.end(fresh.id, now + 100)
  t.match(current(fresh), { kind: 'ended', clearCookie: true })
  t.strictSame(told, [])
})

t.test('what is due is asked for, and the generation that comes of it remembered', async (t) => {
  const due = session(now - 1)
  const renewed = session(now + 300, { generation: due.generation + 1 })
  const { current, told, generations } = setUp({ kind: 'renewed', session: renewed })
  t.strictSame(await current(due), { kind: 'renewed', session: renewed })
  t.strictSame(told, [`renew ${due.id}`])
  t.notOk(generations.isNewest(due))
  t.match(await setUp().current(due), { kind: 'unavailable' })
})

t.test('a browser that comes with the renewed session is told of, once', async (t) => {
  const { current, told, awaited } = setUp()
  const old = session(now + 300, { generation: 3 })
  awaited.set(old.id, 4)
  void current(old)
  t.strictSame(told, [])
  void current({ ...old, generation: 4 })
  void current({ ...old, generation: 4 })
  t.strictSame(told, [`seen ${old.id} 4`])
})
