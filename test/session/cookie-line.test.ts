import t from 'tap'
import { createCookieLines } from '../../src/session/cookie-line.ts'

t.test('sets and deletes with the same attributes', (t) => {
  const lines = createCookieLines({ isSecure: true, sameSite: 'lax' })
  t.equal(lines.set('__Host-a', 'b', 60), '__Host-a=b; Max-Age=60; Path=/; HttpOnly; Secure; SameSite=Lax')
  t.equal(
    lines.clear('__Host-a'),
    '__Host-a=; Max-Age=0; Expires=Thu, 01 Jan 1970 00:00:00 GMT; Path=/; HttpOnly; Secure; SameSite=Lax',
  )
  t.end()
})

t.test('leaves Secure out on http and names a domain where there is one', (t) => {
  const plain = createCookieLines({ isSecure: false, sameSite: 'strict' })
  t.equal(plain.set('a', 'b', 0.2), 'a=b; Max-Age=1; Path=/; HttpOnly; SameSite=Strict')
  const shared = createCookieLines({ isSecure: true, sameSite: 'none', domain: 'example.com' })
  t.match(shared.set('a', 'b', -5), /^a=b; Max-Age=0; .*; Secure; SameSite=None; Domain=example\.com$/)
  t.end()
})
