import t from 'tap'
import { createBackOff } from '../../src/session/back-off.ts'
import { createEndedSessions } from '../../src/session/ended-sessions.ts'
import { createExpiringMap } from '../../src/session/expiring-map.ts'
import { createGenerations } from '../../src/session/generations.ts'
import { createUsedStates } from '../../src/session/used-states.ts'
import { createClock, sampleSession, start } from './samples.ts'

t.test('an expiring map forgets in time, on demand, and when it is full', (t) => {
  const clock = createClock()
  const map = createExpiringMap<number>({ max: 2, clock })
  map.set('a', 1, start + 10)
  t.equal(map.get('a'), 1)
  clock.now = start + 10
  t.equal(map.get('a'), undefined)
  for (const key of ['b', 'c', 'd']) map.set(key, 1, start + 20)
  t.same(['b', 'c', 'd'].map(map.get), [undefined, 1, 1])
  map.delete('c')
  t.equal(map.get('c'), undefined)
  t.end()
})

t.test('what has ended makes room in an expiring map before what has not', (t) => {
  const clock = createClock()
  const map = createExpiringMap<number>({ max: 2, clock })
  map.set('lasting', 1, start + 1000)
  map.set('short', 2, start + 10)
  clock.now = start + 60
  map.set('new', 3, start + 1000)
  t.same([map.get('lasting'), map.get('new')], [1, 3])
  t.end()
})

t.test('a state is spent once', (t) => {
  const clock = createClock()
  const used = createUsedStates({ max: 10, clock })
  t.equal(used.spend('a'), true)
  t.equal(used.spend('b'), true)
  clock.now = start + 599
  t.equal(used.spend('a'), false)
  t.end()
})

t.test('an ended session stays ended until it would have ended by itself', (t) => {
  const clock = createClock()
  const ended = createEndedSessions({ clock })
  t.equal(ended.has('a'), false)
  ended.end('a', start + 3600)
  t.equal(ended.has('a'), true)
  t.equal(ended.has('b'), false)
  clock.now = start + 3600
  t.equal(ended.has('a'), false)
  const small = createEndedSessions({ max: 1, clock })
  small.end('a', start + 7200)
  small.end('b', start + 7200)
  t.same(['a', 'b'].map(small.has), [false, true])
  t.end()
})

t.test('generations only grow', (t) => {
  const generations = createGenerations()
  const at = (generation: number) => sampleSession({ id: 'a', generation })
  t.equal(generations.newest('a'), undefined)
  t.ok(generations.isNewest(at(0)))
  generations.note(at(2))
  generations.note(at(1))
  t.equal(generations.newest('a'), 2)
  t.notOk(generations.isNewest(at(1)))
  t.ok(generations.isNewest(at(2)))
  t.ok(generations.isNewest(at(3)))
  const small = createGenerations({ max: 1 })
  for (const id of ['a', 'b']) small.note(sampleSession({ id, generation: 1 }))
  t.same([small.newest('a'), small.newest('b')], [undefined, 1])
  t.end()
})

t.test('backs off 1, 2, 4 … 30 seconds, and begins anew after a success', (t) => {
  const clock = createClock()
  const backOff = createBackOff({ max: 10, clock })
  const pauses = Array.from({ length: 7 }, () => {
    backOff.fail('a', 'POSTERN_PROVIDER_UNREACHABLE')
    const seconds = (backOff.pause('a')?.until ?? 0) - clock.now
    clock.now += seconds
    t.equal(backOff.pause('a'), undefined)
    return seconds
  })
  t.same(pauses, [1, 2, 4, 8, 16, 30, 30])
  backOff.succeed('a')
  backOff.fail('a', 'POSTERN_PROVIDER_UNREACHABLE')
  t.equal(backOff.pause('a')?.until, clock.now + 1)
  t.equal(backOff.pause('b'), undefined)
  t.end()
})

t.test('what is remembered can be handed to another process, without what is over', async (t) => {
  const clock = createClock()
  const ended = createEndedSessions({ clock })
  ended.end('a', start + 10)
  ended.end('b', start + 20)
  clock.now = start + 10
  t.strictSame(ended.entries(), [['b', start + 20]])
})
