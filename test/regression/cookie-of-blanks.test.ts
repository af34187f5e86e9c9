import t from 'tap'
import { readCookies, withoutCookies } from '../../src/core/cookies.ts'

// A megabyte, so that a search that begins anew at every blank does not end within any test's time.
const blanks = ' \t'.repeat(500_000)
const isOurs = (name: string) => name === 'gw'

t.test('blanks inside a cookie do not hold up the process', async (t) => {
  t.equal(withoutCookies(`a${blanks}b=1; gw=x`, isOurs), `a${blanks}b=1`)
  t.equal(withoutCookies(`gw=x; a=${blanks}b${blanks}`, isOurs), `a=${blanks}b`)
  t.strictSame(
    readCookies(`a${blanks}b=1; gw=2${blanks}3`, (name) => name === 'gw'),
    [{ name: 'gw', value: `2${blanks}3` }],
  )
})
