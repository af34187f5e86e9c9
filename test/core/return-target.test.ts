import fc from 'fast-check'
import t from 'tap'
import { returnTarget } from '../../src/core/return-target.ts'
import { corpus } from '../support/corpus.ts'

const origin = 'https://app.example.com'
const target = (value: string | undefined) => returnTarget(value, { origin, prefix: '/oauth2' })
const isAllowedOrigin = (other: string) => other === origin || other === 'https://b.example.com:8443'
const anyOfOurs = (value: string) => returnTarget(value, { origin, prefix: '/oauth2', isAllowedOrigin })

// A line separator in a name would end the line of TAP it stands in, and with it the whole file.
const inAscii = (text: string) =>
  JSON.stringify(text).replace(/[^ -~]/g, (char) => `\\u${char.charCodeAt(0).toString(16)}`)

for (const [value = '', id = '', safe = ''] of corpus('redirects.tsv')) {
  t.test(`answers ${id} safely: ${inAscii(value.slice(0, 60))}`, async (t) => {
    t.equal(target(value), safe.startsWith('ACCEPT') ? origin + value : `${origin}/`)
    t.ok(isAllowedOrigin(new URL(anyOfOurs(value)).origin))
  })
}

t.test('nothing leads to the front page', async (t) => {
  t.equal(target(undefined), 'https://app.example.com/')
  t.equal(target(''), 'https://app.example.com/')
})

const kept = [
  ...[
    '/a/b?c=d&e=%2F%2Fevil.test#f',
    '/a//b',
    '/a%2Fb',
    '/a%20b',
    '/q?x=a%0D%0Ab',
    '/%C3%A9',
    '/oauth2x',
    '/x/oauth2/start',
  ],
  ...['/a:b', '/a:b/c?d', '/?rd=/oauth2/start', '/@evil.test'],
]

t.test('keeps a page of ours byte for byte', async (t) => {
  for (const value of kept) t.equal(target(value), origin + value)
  t.equal(target('/a:/b'), `${origin}/`, 'but nothing that is a scheme once the slash is dropped')
})

t.test('resolves dot segments and encodes what browsers would', async (t) => {
  t.equal(target('/a/../b'), `${origin}/b`)
  t.equal(target('/café?x=ü'), `${origin}/caf%C3%A9?x=%C3%BC`)
  t.equal(target('/{a}'), `${origin}/%7Ba%7D`)
})

const refused = [
  ...[
    '//evil.test',
    '/a/..//evil.test',
    '/%2e//evil.test',
    '/.%2f/evil.test',
    '/%2fevil.test',
    '/a/..%2f..//evil.test',
  ],
  ...['/a\\b', '/a%5Cb', '/a%00', '/a%0Ab', '/a%7f', '/a b', '/a\u00a0', '/a\u200b', '/a\udfff', '/a\u0085'],
  ...['/http://evil.test', '/https:%2f%2fevil.test', '/x/../javascript:/a'],
  ...['http:', 'https://', '?a', '#a', 'a', ' /a', '%2Fa'],
]

t.test('refuses what may lead elsewhere', async (t) => {
  for (const value of refused) t.equal(target(value), `${origin}/`, value)
})

const ownEndpoints = [
  ...[
    '/oauth2',
    '/oauth2/',
    '/oauth2/start',
    '/OAuth2/sign_out',
    '/%6Fauth2/sign_out',
    '/a/../oauth2/callback?code=x',
  ],
  ...[
    '/a/%2e%2e/oauth2/start',
    '/oauth2%2Fstart',
    '/oauth2;x/start',
    '/oauth2./start',
    '/a%2f..%2foauth2/start',
  ],
]

t.test('never returns to an endpoint of its own, however it is spelt', async (t) => {
  for (const value of ownEndpoints) t.equal(target(value), `${origin}/`, value)
})

t.test('refuses what is too long or too deep', async (t) => {
  t.equal(target(`/${'a'.repeat(1970)}`), `${origin}/${'a'.repeat(1970)}`)
  t.equal(target(`/${'a'.repeat(2000)}`), `${origin}/`)
  t.equal(target(`/${'é'.repeat(700)}`), `${origin}/`)
  t.equal(target('/a'.repeat(199)), origin + '/a'.repeat(199))
  t.equal(target('/a'.repeat(200)), `${origin}/`)
})

t.test('accepts absolute URLs of our origins where that is asked for', async (t) => {
  t.equal(anyOfOurs('https://app.example.com/ok'), 'https://app.example.com/ok')
  t.equal(anyOfOurs('https://b.example.com:8443/ok?a#b'), 'https://b.example.com:8443/ok?a#b')
  t.equal(anyOfOurs('HTTPS://B.example.com:8443'), 'https://b.example.com:8443/')
  t.equal(anyOfOurs('/ok'), 'https://app.example.com/ok')
  const others = [
    ...[
      'https://b.example.com/ok',
      'http://app.example.com/',
      'https://evil.test/',
      'https://app.example.com.evil.test/',
    ],
    ...[
      'https://a:b@app.example.com/',
      'https://app.example.com@evil.test/',
      'https:///app.example.com/',
      'https:app.example.com',
    ],
    ...[
      '//app.example.com/',
      'https://b.example.com:8443//evil.test',
      'https://app.example.com/oauth2/start',
      'https://[/',
    ],
    ...[
      'blob:https://app.example.com/x',
      'ftp://app.example.com/',
      'https://app.example.com/https://evil.test',
    ],
  ]
  for (const value of others) t.equal(anyOfOurs(value), `${origin}/`, value)
})

t.test('stays on our origin for every value, read by a browser or decoded once more', async () => {
  const piece = fc.constantFrom(
    '/',
    '\\',
    '%2f',
    '%5c',
    '.',
    '..',
    '%2e',
    'evil.test',
    '@',
    ':',
    'https:',
    '\t',
    '%09',
    '?',
    '#',
    ' ',
    'é',
    ';',
    'oauth2',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 9 }), (pieces) => {
      const href = anyOfOurs(pieces.join(''))
      const { pathname } = new URL(href)
      const readings = [href, pathname, decodeURIComponent(pathname)].map((value) => new URL(value, origin))
      return readings.every((url) => isAllowedOrigin(url.origin)) && /^[!-~]+$/.test(href)
    }),
    { numRuns: 5000 },
  )
})
