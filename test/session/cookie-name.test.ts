import t from 'tap'
import { cookieName, createCookieOwner } from '../../src/session/cookie-name.ts'

t.test('takes the strictest prefix that fits', (t) => {
  t.equal(cookieName({ name: 'postern', isSecure: true }), '__Host-postern')
  t.equal(cookieName({ name: 'postern', isSecure: true, domain: 'example.com' }), '__Secure-postern')
  t.equal(cookieName({ name: 'postern', isSecure: false }), 'postern')
  t.end()
})

t.test('owns its family in every spelling', (t) => {
  const owns = createCookieOwner('__Host-postern')
  for (const name of [
    '__Host-postern',
    '__Host-postern.1',
    '__Host-postern.00',
    '__Host-postern.login.abc.def',
    '__host-POSTERN.7',
    '__Secure-postern',
    '__Http-postern',
    '__Host-Http-postern',
    'postern',
    ' __Host-postern ',
    '\u00e2\u0080\u0080__Host-postern',
    '\u0085__Host-postern',
  ]) {
    t.ok(owns(name), JSON.stringify(name))
  }
  for (const name of ['', 'poster', 'postern2', 'postern_theme', 'my-postern', '__Host-other', '$Version']) {
    t.notOk(owns(name), JSON.stringify(name))
  }
  t.end()
})
