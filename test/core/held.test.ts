import t from 'tap'
import { held } from '../../src/core/held.ts'

t.test('the last user closes a part, once, and nobody gets it after that', async (t) => {
  const closed: string[] = []
  const first = held('part', async (part) => void closed.push(part))
  const second = first.hold()
  await first.release()
  t.strictSame(closed, [])
  await second.release()
  t.strictSame(closed, ['part'])
  t.throws(() => first.hold(), { message: /was closed/ })
})
