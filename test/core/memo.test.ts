import t from 'tap'
import { createMemo } from '../../src/core/memo.ts'

t.test('a text that came before is not worked on again', async (t) => {
  const seen: string[] = []
  const shout = createMemo(8, (text) => {
    seen.push(text)
    return text.toUpperCase()
  })
  t.equal(shout('abc'), 'ABC')
  t.equal(shout('abc'), 'ABC')
  t.equal(shout(''), '')
  t.strictSame(seen, ['abc', ''])
})

t.test('texts on the same slot never get each other’s result', async (t) => {
  const measure = createMemo(1, (text) => text)
  const long = 'x'.repeat(2_000)
  for (const text of [
    'a',
    'b',
    long,
    `${long}y`,
    `${long.slice(0, 1_000)}z${long.slice(1_001)}`,
    'a',
    long,
  ]) {
    t.equal(measure(text), text)
  }
})

t.test('very long texts are not kept', async (t) => {
  let worked = 0
  const count = createMemo(4, () => {
    worked += 1
    return worked
  })
  const long = 'x'.repeat(8_193)
  t.equal(count(long), 1)
  t.equal(count(long), 2)
})
