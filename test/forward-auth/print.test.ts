import t, { type Test } from 'tap'
import { runPrint } from '../../src/cli/print.ts'
import { snippets } from '../../src/snippets/snippets.ts'
import { runPostern } from '../cli/postern.ts'
import { load, problemLines, writeConfig, yamlWith } from '../config/support.ts'

const kinds = ['nginx', 'caddy', 'haproxy', 'haproxy-lua'] as const

/** What is printed for a server section and, as the text of a YAML flow, a forward_auth section. */
function printed(t: Test, kind: keyof typeof snippets, server: string, more = '', service?: string): string {
  let text = ''
  const config = load(t, { server: `server: { ${server} }`, logging: more })
  runPrint(kind, config, { ...(service && { service }), write: (part) => (text += part) })
  return text
}

const trusting = 'public_url: https://app.example.com, trusted_proxies: [127.0.0.1]'

t.test('what is printed first says what the own configuration lacks, as a comment', async (t) => {
  for (const kind of kinds) {
    const mark = kind === 'haproxy-lua' ? '--' : '#'
    const preset = snippets[kind]?.preset
    const [first, second, third] = printed(t, kind, 'public_url: https://app.example.com').split('\n')
    t.equal(first, `${mark} Postern's own configuration must say: forward_auth: { preset: ${preset} }`)
    t.match(second, `${mark} Postern's own configuration must say: server: { trusted_proxies: [`)
    t.ok(third?.startsWith(mark))
    t.notMatch(printed(t, kind, trusting, `forward_auth: { preset: ${preset} }`), 'must say')
  }
})

t.test('the headers are those of the configuration', async (t) => {
  const headers = ', token: none, identity_headers: { X-Who: sub }'
  for (const kind of ['nginx', 'caddy', 'haproxy-lua'] as const) {
    const preset = snippets[kind]?.preset
    const text = printed(t, kind, trusting, `forward_auth: { preset: ${preset}${headers} }`)
    t.match(text, /X-Who/i)
    t.notMatch(text, /authorization\b.*authorization|X-Auth-Request-User/i, kind)
  }
  const caddy = printed(t, 'caddy', trusting)
  for (const header of ['User', 'Email', 'Groups', 'Preferred-Username']) {
    // Some versions of Caddy leave what the client sent where the copied header is empty.
    t.match(caddy, new RegExp(`request_header -X-Auth-Request-${header}\n[\\s\\S]*forward_auth`))
  }
  const none = 'forward_auth: { preset: caddy, token: none, identity_headers: false }'
  t.notMatch(printed(t, 'caddy', trusting, none), /copy_headers|request_header (?:-X|Authorization)/)
})

t.test('hosts and ports are those of the public URLs', async (t) => {
  t.match(printed(t, 'nginx', trusting), 'proxy_set_header Host $host;')
  const ported = 'public_url: ["https://a.example.com:8443", "https://b.example.com:8443"]'
  t.match(printed(t, 'nginx', ported), 'proxy_set_header Host $host:8443;')
  const mixed = 'public_url: ["https://a.example.com", "https://b.example.com:8443"]'
  t.match(printed(t, 'nginx', mixed), 'proxy_set_header Host $host:$server_port;')
  t.match(printed(t, 'caddy', mixed), '\nhttps://a.example.com, https://b.example.com:8443 {\n')
})

t.test('haproxy gets the server of the service', async (t) => {
  const server = (service: string) =>
    /server service (.*)/.exec(printed(t, 'haproxy', trusting, '', service))?.[1]
  t.equal(server('http://127.0.0.1:8080'), '127.0.0.1:8080')
  t.equal(server('http://app'), 'app:80')
  t.equal(server('http://[::1]:8080'), '[::1]:8080')
  t.equal(
    server('https://app.internal'),
    'app.internal:443 ssl verify required ca-file @system-ca sni str(app.internal)',
  )
})

t.test(
  'the command line names what can be printed, and takes nothing that means something to a proxy',
  async (t) => {
    const help = await runPostern(t, ['print', '--help'])
    for (const kind of Object.keys(snippets)) t.match(help.stdout, `"${kind}"`)
    const file = writeConfig(t, yamlWith({}))
    const places = ['--address', '[::1]:4180', '--service', 'http://app:8080']
    const good = await runPostern(t, ['print', 'nginx', '--config', file, ...places])
    t.equal(good.code, 0)
    t.match(good.stdout, 'proxy_pass http://[::1]:4180;')
    t.match(good.stdout, 'proxy_pass http://app:8080;')
    const wrong = [
      ['--address', '127.0.0.1'],
      ['--address', 'http://127.0.0.1:4180'],
      ['--address', '127.0.0.1:4180; deny all'],
      ['--address', '127.0.0.1:4180\n'],
      ['--service', 'app:8080'],
      ['--service', 'http://app:8080/'],
      ['--service', 'http://app:8080/base'],
      ['--service', 'http://app:8080;'],
      ['--service', 'http://$host'],
      ['--service', 'http://{host}:80'],
    ]
    const answers = await Promise.all(
      wrong.map((args) => runPostern(t, ['print', 'nginx', '-c', file, ...args])),
    )
    for (const [index, { code, stdout }] of answers.entries()) {
      t.strictSame([code, stdout], [1, ''], String(wrong[index]))
    }
  },
)

t.test('no name out of the configuration can end what it stands in', async (t) => {
  const names = [
    'X-"',
    "X-'",
    'X-$host',
    'X-{host}',
    'X-a;b',
    'X-a b',
    'X_User',
    '-X',
    '*',
    'X-User#',
    'X`',
    'X.Y',
  ]
  for (const name of names) {
    const lines = problemLines(
      t,
      yamlWith({
        logging: `forward_auth: { preset: nginx, identity_headers: { ${JSON.stringify(name)}: sub } }`,
      }),
    )
    t.ok(
      lines.some((line) => line.includes('forward_auth.identity_headers')),
      name,
    )
  }
  for (const prefix of ['/a b', '/a;', '/$host', '/{', '/a"', "/'", '/a*', '/~/../x', '/a#', '/\\n']) {
    const server = `server: { public_url: https://app.example.com, prefix: ${JSON.stringify(prefix)} }`
    t.match(problemLines(t, yamlWith({ server })).join(), 'server.prefix', prefix)
  }
})
