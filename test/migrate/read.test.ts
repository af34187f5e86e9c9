import t from 'tap'
import { formatsOf, readInput } from '../../src/migrate/read.ts'

const flags = (text: string) =>
  Object.fromEntries(readInput(text, 'flags').map(({ name, values }) => [name, values.join('|')]))
const env = (text: string) =>
  Object.fromEntries(readInput(text, 'env').map(({ name, values }) => [name, values.join('|')]))

t.test('TOML: texts, numbers, switches and lists', async (t) => {
  const text = 'a = "x" # why\nb = [ "y", "z", ]\nc = true\nd = 7\ne = 9223372036854775807\n[f]\ng = 1\n'
  t.strictSame(readInput(text, 'toml'), [
    { name: 'a', values: ['x'], isWhole: false },
    { name: 'b', values: ['y', 'z'], isWhole: true },
    { name: 'c', values: ['true'], isWhole: false },
    { name: 'd', values: ['7'], isWhole: false },
    { name: 'e', values: ['9223372036854775807'], isWhole: false },
    { name: 'f', values: [], isWhole: false },
  ])
})

t.test('TOML: what is wrong is told with its place, and no line of the file', async (t) => {
  const wrong: [string, number, number][] = [
    ['client_id = "x"\nclient_secret = hunter2\n', 2, 17],
    ['client_secret = "hunter2', 1, 17],
    ['client_secret: hunter2', 1, 14],
    [`a = ${'['.repeat(500)}`, 1, 21],
    ['__proto__ = "hunter2"', 1, 1],
  ]
  for (const [text, line, column] of wrong) {
    try {
      readInput(text, 'toml')
      t.fail(text)
    } catch (error) {
      t.match(error, { name: 'SyntaxProblem', line, column, message: /^is not TOML: [\w ,.:=-]+$/ })
      t.notMatch((error as Error).message, 'hunter2')
    }
  }
})

t.test('variables: of a shell, an env file, and a container', async (t) => {
  const text = `
    export OAUTH2_PROXY_PROVIDER="oidc"
    OAUTH2_PROXY_SCOPE=openid email
    OTHER=x
    # OAUTH2_PROXY_BANNER=x
    environment:
      OAUTH2_PROXY_CLIENT_ID: app
      - "OAUTH2_PROXY_EMAIL_DOMAINS=*"
    - name: OAUTH2_PROXY_UPSTREAMS
      value: 'http://web'
    - name: OAUTH2_PROXY_CLIENT_SECRET
      valueFrom: x
    - name: OAUTH2_PROXY_COOKIE_SECRET`
  t.strictSame(env(text), {
    PROVIDER: 'oidc',
    SCOPE: 'openid email',
    CLIENT_ID: 'app',
    EMAIL_DOMAINS: '*',
    UPSTREAMS: 'http://web',
  })
})

t.test('flags: of a shell command', async (t) => {
  const text = `exec oauth2-proxy --provider=oidc --email-domain a.example --email-domain=b.example \\
    -client-id "my app" --reverse-proxy --upstream 'http://web' # the end
    --scope=openid" email" --banner=\\"hi\\" --footer="a \\"b\\"" --pass-basic-auth=false --prompt // none
    -e OAUTH2_PROXY_REDIRECT_URL=https://x --whitelist-domain`
  t.strictSame(flags(text), {
    REDIRECT_URL: 'https://x',
    provider: 'oidc',
    'email-domain': 'a.example|b.example',
    'client-id': 'my app',
    'reverse-proxy': 'true',
    upstream: 'http://web',
    scope: 'openid email',
    banner: '"hi"',
    footer: 'a "b"',
    'pass-basic-auth': 'false',
    prompt: '',
    e: 'OAUTH2_PROXY_REDIRECT_URL=https://x',
    'whitelist-domain': '',
  })
})

t.test('flags: of a list in a manifest', async (t) => {
  const text = `
    args:
      - --provider=oidc # why
      - "--scope=openid \\"email\\""
      - '--client-id'
      - app
      - --reverse-proxy
      - image: x
      - nothing
    ports:
      - containerPort: 4180`
  t.strictSame(flags(text), {
    provider: 'oidc',
    scope: 'openid "email"',
    'client-id': 'app',
    'reverse-proxy': 'true',
  })
})

t.test('flags: of a list on one line', async (t) => {
  t.strictSame(flags('args: ["--provider=oidc", \'--api-route=^/[a-z],x\', --upstream=http://a\\b]'), {
    provider: 'oidc',
    'api-route': '^/[a-z],x',
    upstream: 'http://ab',
  })
})

t.test('flags: a quote that is not closed is told with its place', async (t) => {
  t.throws(() => flags('oauth2-proxy\n  --client-secret="hunter2'), {
    name: 'SyntaxProblem',
    line: 2,
    column: 19,
    message: 'a quote is not closed',
  })
})

t.test('the format is told by the content', async (t) => {
  const texts: [string, readonly string[]][] = [
    ['', ['toml']],
    ['# --provider\n\nprovider = "oidc"\nbanner = "--x"', ['toml']],
    ['--provider=oidc', ['flags']],
    ['oauth2-proxy -provider oidc', ['flags']],
    ['["--provider=oidc"]', ['flags']],
    ['args:\n  - --provider=oidc', ['flags']],
    ['export OAUTH2_PROXY_PROVIDER=oidc', ['env']],
    ['PATH=x\nOAUTH2_PROXY_PROVIDER=oidc', ['env']],
    ['args:\n  - --provider=oidc\nenv:\n  - name: OAUTH2_PROXY_CLIENT_ID', ['env', 'flags']],
    ['nonsense', ['toml']],
  ]
  for (const [text, formats] of texts) t.strictSame(formatsOf(text), formats, text)
})

t.test('large inputs take no time to speak of', async (t) => {
  const texts = [
    '\n',
    ' ',
    '[',
    '"a" ',
    '\\"',
    '- ',
    'a\\',
    '--x ',
    'OAUTH2_PROXY_A="',
    '=',
    '# ',
    "- '",
    '^/',
  ]
  const started = performance.now()
  for (const text of texts)
    for (const format of ['toml', 'env', 'flags'] as const) {
      const large = text.repeat((1024 * 1024) / text.length)
      try {
        readInput(large, formatsOf(large)[0] ?? format)
        readInput(large, format)
      } catch (error) {
        t.match(error, { name: 'SyntaxProblem' })
      }
    }
  t.ok(performance.now() - started < 60_000)
})
