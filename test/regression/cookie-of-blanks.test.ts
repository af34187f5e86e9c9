import t from 'tap'
import { withoutCookies } from '../../src/core/cookies.ts'
import { findCookies } from '../../src/session/cookie-header.ts'

// A megabyte, so that a search that begins anew at every blank does not end within any test's time.
const blanks = ' \t'.repeat(500_000)
const isOurs = (name: string) => name === 'gw'

t.test('blanks inside a cookie do not hold up the process', async (t) => {
  t.equal(withoutCookies(`a${blanks}b=1; gw=x`, isOurs), `a${blanks}b=1`)
  t.equal(withoutCookies(`gw=x; a=${blanks}b${blanks}`, isOurs), `a=${blanks}b`)
  t.strictSame(findCookies(`a${blanks}b=1;${blanks}gw=2${blanks}3`, 'gw'), [
    { suffix: '', value: `2${blanks}3` },
  ])
})
