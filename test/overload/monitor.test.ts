import t from 'tap'
import { createOverload } from '../../src/overload/monitor.ts'

const limits = { eventLoopDelay: 500, memory: 0.9 }

t.test('tells of each change once, and remembers what it was last', async (t) => {
  const readings = [0, 600, 700, 470, 900, 10, 900, 10, 10].map((eventLoopDelay) => ({
    eventLoopDelay,
    memory: 0,
  }))
  const reason = 'event-loop-delay'
  const told: (string | undefined)[] = []
  let isStopped = false
  const gauge = {
    read: () => readings.shift() as (typeof readings)[0],
    stop: () => {
      isStopped = true
    },
  }
  const overload = createOverload(gauge, (reason) => told.push(reason))
  t.equal(overload.reason(), undefined)
  const seen = Array.from({ length: 9 }, () => {
    overload.look(limits)
    return overload.reason()
  })
  t.strictSame(seen, [
    undefined,
    undefined,
    reason,
    reason,
    reason,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  t.strictSame(told, [reason, undefined])
  overload.stop()
  t.ok(isStopped)
})
