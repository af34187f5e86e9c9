import t from 'tap'
import { createSweep } from '../../src/core/sweep.ts'

t.test('what has ended is let go once a minute, and nothing else', async (t) => {
  let now = 1_000
  const memory = new Map([
    ['a', { until: 1_010 }],
    ['b', { until: 1_060 }],
    ['c', { until: 1_061 }],
  ])
  const sweep = createSweep(memory, () => now)
  now = 1_059
  sweep()
  t.strictSame([...memory.keys()], ['a', 'b', 'c'], 'not before')
  now = 1_060
  sweep()
  t.strictSame([...memory.keys()], ['c'])
  now = 1_119
  sweep()
  t.strictSame([...memory.keys()], ['c'], 'not again before the next')
  now = 1_120
  sweep()
  t.strictSame([...memory.keys()], [])
})
