import t from 'tap'
import { findCookies } from '../../src/session/cookie-header.ts'

t.test('finds all cookies of a family, duplicates too, and no others', (t) => {
  const header =
    'a=1; postern=x;postern.1=y=z; \tpostern=w; flag; poster=2; =postern=3; Postern=4; postern;  '
  t.same(findCookies(header, 'postern'), [
    { suffix: '', value: 'x' },
    { suffix: '.1', value: 'y=z' },
    { suffix: '', value: 'w' },
  ])
  t.same(findCookies(undefined, 'postern'), [])
  t.same(findCookies('', 'postern'), [])
  t.end()
})

t.test('takes a name behind other white space for another name', (t) => {
  t.same(findCookies('\u00a0postern=x; \u0085postern=y; "postern=z', 'postern'), [])
  t.end()
})
