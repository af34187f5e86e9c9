import t from 'tap'
import { hostKey, parseHost } from '../../src/core/host.ts'

const good: Record<string, [string, string]> = {
  'app.example.com': ['app.example.com', ''],
  'APP.Example.com:8443': ['app.example.com', '8443'],
  'my_service:1': ['my_service', '1'],
  'xn--bcher-kva.example:65535': ['xn--bcher-kva.example', '65535'],
  '127.0.0.1:4180': ['127.0.0.1', '4180'],
  '[::1]': ['[::1]', ''],
  '[2001:DB8::ffff:10.0.0.1]:443': ['[2001:db8::ffff:10.0.0.1]', '443'],
}

t.test('takes a Host header apart', async (t) => {
  for (const [header, [host, port]] of Object.entries(good))
    t.strictSame(parseHost(header), { host, port }, header)
})

const bad = [
  ...[
    '',
    ' ',
    '.',
    'a.',
    'app.example.com.',
    '.a',
    'a..b',
    '-a',
    'a-',
    'a b',
    ' a',
    'a,b',
    'a, b',
    'u@a',
    'u:p@a',
  ],
  ...[
    'a:',
    'a:0',
    'a:080',
    'a:65536',
    'a:99999',
    'a:x',
    'a:80:80',
    'a:-1',
    'a:8 0',
    'app.example.com:80@evil.example',
  ],
  ...['a/b', 'a?b', 'a#b', 'a\\b', 'a%41', 'caf\xe9', '\u212Aelvin', '\u0131', 'a\n', 'a\x00', '*', "a'"],
  ...['[]', '[:]', '[a]', '[::1', '::1', '[::1]a', '[::1%25eth0]', '[::g]', '[v1.a:b:c]'],
  ...['a'.repeat(64), `${'a.'.repeat(126)}aa`, 'a'.repeat(300)],
]

t.test('refuses what is not one host with an optional port', async (t) => {
  for (const header of bad) t.equal(parseHost(header), undefined, JSON.stringify(header))
})

t.test('leaves the default port of the scheme away', async (t) => {
  const parsed = (port: string) => ({ host: 'a.example', port })
  t.equal(hostKey(parsed(''), 'https'), 'a.example')
  t.equal(hostKey(parsed('443'), 'https'), 'a.example')
  t.equal(hostKey(parsed('80'), 'https'), 'a.example:80')
  t.equal(hostKey(parsed('80'), 'http'), 'a.example')
  t.equal(hostKey(parsed('443'), 'http'), 'a.example:443')
})
