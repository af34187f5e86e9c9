import t from 'tap'
import { createNeedsDetour } from '../../src/gate/detour.ts'
import type { Visit } from '../../src/gate/visit.ts'
import { createExpiringMap } from '../../src/session/expiring-map.ts'
import { createClock, sampleSession, start } from '../session/samples.ts'

function createBench(idle?: number) {
  const clock = createClock()
  const limits = { absolute: 43_200, ...(idle !== undefined && { idle }) }
  const needsDetour = createNeedsDetour({ limits, taken: createExpiringMap({ max: 10, clock }), clock })
  const ask = (visit: Partial<Visit>) => needsDetour({ method: 'GET', ...visit } as Visit)
  return { clock, ask }
}

t.test('a renewed session that was not delivered is worth one detour for each generation', async (t) => {
  const { clock, ask } = createBench(3_600)
  const session = sampleSession({ generation: 1 })
  t.equal(ask({ session, isUndelivered: true, method: 'POST' }), false, 'nobody can come back to a form')
  t.equal(ask({ session, isUndelivered: true }), true)
  t.equal(ask({ session, isUndelivered: true }), false)
  t.equal(ask({ session: sampleSession({ generation: 2 }), isUndelivered: true }), true)
  clock.now += 899
  t.equal(ask({ session, isUndelivered: true }), false)
  clock.now += 1
  t.equal(ask({ session, isUndelivered: true }), true, 'it may have got lost on the way')
})

t.test('a cookie that fades is renewed before it ends', async (t) => {
  const { clock, ask } = createBench(3_600)
  const session = sampleSession({ lastSeenAt: start })
  clock.now += 899
  t.equal(ask({ session }), false)
  clock.now += 1
  t.equal(ask({ session }), true)
})

t.test('without an idle time nothing fades, and nobody goes round in circles', async (t) => {
  const { clock, ask } = createBench()
  const session = sampleSession({ lastSeenAt: start })
  clock.now += 40_000
  t.equal(ask({ session }), false)
  t.equal(ask({ session, isUndelivered: true }), true)
  clock.now += 899
  t.equal(ask({ session, isUndelivered: true }), false)
  t.equal(ask({}), false)
})
