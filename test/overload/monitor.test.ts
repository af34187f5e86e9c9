import t from 'tap'
import { createOverload } from '../../src/overload/monitor.ts'

const limits = { eventLoopDelay: 500, memory: 0.9 }

t.test('tells of each change once, and remembers what it was last', async (t) => {
  const readings = [0, 600, 700, 470, 10].map((eventLoopDelay) => ({ eventLoopDelay, memory: 0 }))
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
  const seen = Array.from({ length: 5 }, () => {
    overload.look(limits)
    return overload.reason()
  })
  t.strictSame(seen, [undefined, 'event-loop-delay', 'event-loop-delay', 'event-loop-delay', undefined])
  t.strictSame(told, ['event-loop-delay', undefined])
  overload.stop()
  t.ok(isStopped)
})
