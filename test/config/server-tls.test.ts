import t, { type Test } from 'tap'
import { type LoadOptions, loadConfig } from '../../src/config/load.ts'
import { problemsOf } from '../../src/config/problem.ts'
import { pem } from '../support/recorder.ts'
import { linesOf, writeConfig, yamlWith } from './support.ts'

const server = (keys: string, publicUrl = 'https://localhost') => ({
  server: `server: { public_url: ${publicUrl}, tls: { ${keys} } }`,
})
const pair = 'cert_file: server.pem, key_file: server-key.pem'
const files = Object.fromEntries(
  ['server', 'server-key', 'client', 'client-key', 'weak', 'weak-key'].map((name) => [
    `${name}.pem`,
    pem(name),
  ]),
)

/** A time at which the test certificates are good. */
const good = Date.parse('2030-01-01')

function load(t: Test, overrides: ReturnType<typeof server>, more: Partial<LoadOptions> = {}) {
  const file = writeConfig(t, yamlWith(overrides), files)
  return loadConfig(file, { env: {}, now: () => good, ...more })
}

function problems(t: Test, overrides: ReturnType<typeof server>, now = good): string[] {
  try {
    load(t, overrides, { now: () => now })
    return []
  } catch (error) {
    return linesOf(problemsOf(error))
  }
}

t.test('a pair is read from its files', async (t) => {
  const { tls } = load(t, server(pair)).server
  t.strictSame(tls, { cert: pem('server').trimEnd(), key: pem('server-key').trimEnd(), http2: false })
  t.equal(load(t, server(`${pair}, http2: true`)).server.tls?.http2, true)
  const both = writeConfig(t, yamlWith(server('cert_file: both.pem, key_file: both.pem')), {
    'both.pem': pem('server') + pem('server-key'),
  })
  t.ok(loadConfig(both, { env: {}, now: () => good }).server.tls, 'also from one file')
})

t.test('there is no TLS unless it is written', async (t) => {
  t.notOk('tls' in loadConfig(writeConfig(t, yamlWith({})), { env: {} }).server)
})

const cases: readonly [what: string, keys: string, lines: readonly string[]][] = [
  [
    'half a pair',
    'cert_file: server.pem',
    ['1:47  server.tls.key_file  is required; it must be the path of a file'],
  ],
  [
    'a file that is not there',
    'cert_file: nowhere.pem, key_file: server-key.pem',
    ['1:60  server.tls.cert_file  names a file that cannot be read: no such file or directory'],
  ],
  [
    'files that are something else',
    'cert_file: server-key.pem, key_file: server.pem',
    [
      '1:60  server.tls.cert_file  must name a PEM file with a certificate',
      '1:86  server.tls.key_file  must name a PEM file with a private key that has no passphrase',
    ],
  ],
  [
    'the key of another certificate',
    'cert_file: server.pem, key_file: client-key.pem',
    ['1:82  server.tls.key_file  is not the private key of the certificate in "cert_file"'],
  ],
  [
    'a key that is too short for TLS',
    'cert_file: weak.pem, key_file: weak-key.pem',
    ['1:60  server.tls.cert_file  cannot be used: error:0A00018F:SSL routines::ee key too small'],
  ],
]

for (const [what, keys, lines] of cases) {
  t.test(`tells of ${what}`, async (t) => t.strictSame(problems(t, server(keys)), lines))
}

t.test('tells of a certificate whose time is over, or has not come', async (t) => {
  t.strictSame(problems(t, server(pair), Date.parse('2126-10-30T08:12:01Z')), [
    '1:60  server.tls.cert_file  has expired on Oct 30 08:12:01 2126 GMT; renew the certificate',
  ])
  t.strictSame(problems(t, server(pair), Date.parse('2026-11-23T08:12:00Z')), [
    '1:60  server.tls.cert_file  is not valid before Nov 23 08:12:01 2026 GMT; check the clock, or wait',
  ])
})

t.test('tells of a public URL that is not that of TLS', async (t) => {
  t.strictSame(problems(t, server(pair, 'http://localhost')), [
    '1:23  server.public_url  must begin with https://, since "tls" is written',
  ])
})

t.test('warns of a certificate that ends soon', async (t) => {
  const warningsAt = (time: string) =>
    linesOf(load(t, server(pair), { now: () => Date.parse(time) }).warnings)
  t.strictSame(warningsAt('2126-10-16T08:12:00Z'), [])
  t.strictSame(warningsAt('2126-10-20T08:12:00Z'), [
    '1:60  server.tls.cert_file  ends in 10 days, on Oct 30 08:12:01 2126 GMT; renew the certificate',
  ])
})

t.test('warns of a certificate that is for others', async (t) => {
  const warningsFor = (publicUrl: string) => linesOf(load(t, server(pair, publicUrl)).warnings)
  t.strictSame(warningsFor('https://127.0.0.1:8443'), [])
  t.strictSame(warningsFor('"https://[::1]"'), [
    '1:58  server.tls.cert_file  is not for ::1, a host of "public_url": browsers will refuse it',
  ])
  t.match(
    warningsFor('[https://localhost, https://app.example.com]').join('\n'),
    /is not for app\.example\.com/,
  )
})
