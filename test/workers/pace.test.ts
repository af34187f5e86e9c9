import t from 'tap'
import { createPace } from '../../src/workers/pace.ts'

t.test('what cannot live is replaced ever more slowly, what lived well at once', async (t) => {
  const { pauseAfter } = createPace()
  t.equal(pauseAfter(60_000), 0)
  t.strictSame([0, 0, 9_999, 0].map(pauseAfter), [100, 200, 400, 800])
  t.equal(pauseAfter(10_000), 0)
  t.equal(pauseAfter(0), 100)
  for (let count = 0; count < 20; count += 1) pauseAfter(0)
  t.equal(pauseAfter(0), 30_000)
})
