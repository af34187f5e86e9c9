import { setTimeout as delay } from 'node:timers/promises'
import t from 'tap'
import { createGauge } from '../../src/overload/gauge.ts'

t.test('measures this process', async (t) => {
  const gauge = createGauge(1)
  t.teardown(gauge.stop)
  const idle = gauge.read()
  t.equal(idle.eventLoopDelay, 0, 'nothing was measured yet')
  t.ok(idle.memory > 0 && idle.memory < 1, `${idle.memory}`)
  await delay(50)
  const until = performance.now() + 300
  while (performance.now() < until);
  await delay(50)
  const busy = gauge.read()
  t.ok(busy.eventLoopDelay > 20, `${busy.eventLoopDelay}`)
})
