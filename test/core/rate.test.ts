import t from 'tap'
import { admit } from '../../src/core/rate.ts'

/** Asks again and again, and gives what came of each. */
function ask(times: readonly number[], perMinute: number): (number | 'in')[] {
  let fullAt: number | undefined
  return times.map((now) => {
    const admission = admit(fullAt, now, { perMinute })
    if ('retryAfter' in admission) return admission.retryAfter
    fullAt = admission.fullAt
    return 'in'
  })
}

t.test('as many as a minute may have come at once, and then one after the other', async (t) => {
  t.strictSame(ask([0, 0, 0, 0, 19, 20, 20, 39, 40], 3), ['in', 'in', 'in', 20, 1, 'in', 20, 1, 'in'])
})

t.test('thirds and sevenths are not off by one', async (t) => {
  for (const perMinute of [1, 3, 7, 11, 60, 300, 7_777]) {
    const answers = ask(Array(perMinute + 1).fill(1_700_000_000), perMinute)
    t.equal(answers.indexOf('in'), 0, `${perMinute}`)
    t.equal(answers.filter((answer) => answer === 'in').length, perMinute, `${perMinute}`)
  }
})

t.test('after a minute of nothing it is as in the beginning', async (t) => {
  t.strictSame(ask([0, 0, 60, 60, 60], 2), ['in', 'in', 'in', 'in', 30])
})

t.test('a clock that was set back keeps nobody out for longer than one interval', async (t) => {
  t.strictSame(ask([90_000, 90_000, 0], 2), ['in', 'in', 30])
})

t.test('what was asked in vain does not count', async (t) => {
  t.strictSame(ask([0, ...Array(50).fill(1), 60], 1), ['in', ...Array(50).fill(59), 'in'])
})
