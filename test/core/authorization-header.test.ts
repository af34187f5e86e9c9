import t from 'tap'
import { presentedToken } from '../../src/core/authorization-header.ts'

t.test('a bearer token is read whatever the case of its scheme', async (t) => {
  for (const header of ['Bearer a.b-c_d~e+f/g==', 'bearer a.b-c_d~e+f/g==', 'BEARER   a.b-c_d~e+f/g=='])
    t.strictSame(presentedToken(header), { kind: 'token', token: 'a.b-c_d~e+f/g==' }, header)
})

t.test('another scheme is nobody’s concern here', async (t) => {
  for (const header of [undefined, 'Basic dTpw', 'DPoP abc', 'Negotiate', 'Digest a="b", c=d', 'Bearerx abc'])
    t.strictSame(presentedToken(header), { kind: 'none' }, String(header))
})

t.test('what is no credentials, or no token, is malformed', async (t) => {
  const headers = [
    '',
    ' ',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer a,b',
    'Bearer a, Bearer b',
    'Bearer\ta',
    'Bearer "a"',
  ]
  for (const header of [
    ...headers,
    'Bearer =',
    'Bearer a=b',
    'Bearer ä',
    'Bearer a\n',
    '(x) y',
    'Bearer\u00a0a',
  ])
    t.strictSame(presentedToken(header), { kind: 'malformed' }, JSON.stringify(header))
})
