import fc from 'fast-check'
import t from 'tap'
import { foldCookieName, withoutCookies } from '../../src/core/cookies.ts'
import { findCookies } from '../../src/session/cookie-header.ts'

const isOurs = (name: string) => name === '__Host-gw' || name === '__host-gw'

const lookAlikes = [
  ...[
    '\u2000__Host-gw',
    '\u0085__Host-gw',
    '\xa0__Host-gw',
    '\xe2\x80\x80__Host-gw',
    '\v__Host-gw',
    '\n__Host-gw',
  ],
  ...[
    '__host-gw',
    '__HOST-GW',
    '"__Host-gw"',
    '$__Host-gw',
    '__Host%2Dgw',
    '__Host-gw\x00',
    '=__Host-gw',
    ' = __Host-gw',
  ],
]

t.test('takes a look-alike for another cookie, and never lets it through as ours', async (t) => {
  for (const name of lookAlikes) {
    t.strictSame(
      findCookies(`${name}=x`, '__Host-gw').filter(({ suffix }) => suffix === ''),
      [],
      JSON.stringify(name),
    )
    t.equal(withoutCookies(`a=1; ${name}=x; b=2`, isOurs), 'a=1; b=2', JSON.stringify(name))
    t.equal(withoutCookies(`${name}=x`, isOurs), undefined, JSON.stringify(name))
  }
})

t.test('removes ours and keeps the others byte for byte', async (t) => {
  t.equal(withoutCookies('__Host-gw=x', isOurs), undefined)
  t.equal(withoutCookies('__Host-gw=x; __Host-gw=y;', isOurs), undefined)
  t.equal(withoutCookies('__Host-gw', isOurs), undefined)
  t.equal(withoutCookies('__Host-gw=x; a="b %20";c=\t1 ;d', isOurs), 'a="b %20";c=\t1 ;d')
  t.equal(withoutCookies('a=1;  __Host-gw=x', isOurs), 'a=1')
  t.equal(withoutCookies('$Version=1; __Host-gw=x; $Path=/', isOurs), '$Version=1; $Path=/')
  t.equal(withoutCookies('x__Host-gw=1; a=__Host-gw=2', isOurs), 'x__Host-gw=1; a=__Host-gw=2')
})

t.test('leaves a header without our cookies as it is', async (t) => {
  for (const header of [' a=1 ; b ;', '', 'a="x; y"']) t.equal(withoutCookies(header, isOurs), header)
})

t.test('folds a name to what the laxest reader sees', async (t) => {
  t.equal(foldCookieName('$__Host-GW.1'), '__host-gw.1')
  t.equal(foldCookieName(' "a%5Fb" '), 'a_b')
})

t.test('whatever surrounds it, our cookie does not get through', async () => {
  const junk = fc.stringMatching(/^[ \t;=a-c"$,]*$/)
  fc.assert(
    fc.property(junk, junk, (before, after) => {
      const left = withoutCookies(`${before};__Host-gw=secret;${after}`, isOurs)
      return !left?.includes('secret')
    }),
  )
})
