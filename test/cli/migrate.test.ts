import { join } from 'node:path'
import t, { type Test } from 'tap'
import { runMigrate } from '../../src/cli/migrate.ts'
import { exampleFile, loadPrinted } from '../migrate/support.ts'
import { runPostern } from './postern.ts'

function folder(t: Test, files: Record<string, string>): (name: string) => string {
  const path = t.testdir(files)
  return (name) => join(path, name)
}

t.test('prints what check accepts, to standard output and nothing else', async (t) => {
  const file = folder(t, { 'o2p.cfg': exampleFile('okta.cfg') })('o2p.cfg')
  const { code, stdout, stderr } = await runPostern(t, ['migrate', file])
  t.strictSame([code, stderr], [0, ''])
  t.equal(stdout, exampleFile('okta.expected'))
  t.doesNotThrow(() => loadPrinted(stdout))
})

t.test('ends with 0 also when there is something to decide', async (t) => {
  const file = folder(t, { args: '--provider=oidc --frob' })('args')
  const { code, stdout, stderr } = await runPostern(t, [
    'migrate',
    '--format',
    'flags',
    '--preset',
    'caddy',
    file,
  ])
  t.strictSame([code, stderr], [0, ''])
  t.match(stdout, /POSTERN_ALLOWED_EMAIL.*Not known, and passed over: frob\n.*preset: caddy/s)
})

t.test(
  'a file that cannot be read or understood is told with its place, without a stack or what is in it',
  async (t) => {
    const at = folder(t, {
      'bad.cfg': 'client_id = "x"\nclient_secret = hunter2\n',
      'bad.args': '--client-secret="hunter2',
      claim: 'oidc_groups_claim = "__proto__"',
      large: `# ${'x'.repeat(1024 * 1024)}`,
    })
    const problems: [string, string][] = [
      ['bad.cfg', ':2:17  is not TOML: invalid value'],
      ['bad.args', ':1:17  a quote is not closed'],
      ['claim', ':1:1  oidc_groups_claim is not the name of a claim'],
      ['large', ':1:1  cannot be read: the file is larger than 1 MiB'],
      ['none', ':1:1  cannot be read: no such file or directory'],
    ]
    for (const [name, problem] of problems) {
      const { code, stdout, stderr } = await runPostern(t, ['migrate', at(name)])
      t.strictSame([code, stdout, stderr], [78, '', `${at(name)}${problem}\n`])
    }
  },
)

t.test('wrong usage is wrong usage', async (t) => {
  for (const args of [
    ['migrate'],
    ['migrate', '--format', 'ini', 'x'],
    ['migrate', '--preset', 'apache', 'x'],
  ]) {
    const { code, stdout, stderr } = await runPostern(t, args)
    t.strictSame([code, stdout], [1, ''])
    t.match(stderr, /^error: /)
  }
})

t.test('flags go before variables, and those before files, whatever the order', async (t) => {
  const at = folder(t, {
    cfg: 'client_id = "of the file"\nredirect_url = "https://file.example/oauth2/callback"\nprovider = "oidc"',
    env: 'OAUTH2_PROXY_CLIENT_ID=of the variable\nOAUTH2_PROXY_OIDC_ISSUER_URL=https://variable.example',
    args: '--oidc-issuer-url=https://flag.example',
  })
  let yaml = ''
  const write = (text: string) => {
    yaml = text
  }
  runMigrate(['args', 'env', 'cfg'].map(at), { write })
  t.match(yaml, /public_url: https:\/\/file\.example$/m)
  t.match(yaml, /client_id: of the variable$/m)
  t.match(yaml, /issuer: https:\/\/flag\.example$/m)
})

/** Tells on standard error when the parser is loaded. */
const watcher = `
  import { writeSync } from 'node:fs'
  export const resolve = (name, context, next) => {
    if (name === 'smol-toml') writeSync(2, 'the parser is loaded')
    return next(name, context)
  }`
const watched = `import { register } from 'node:module'; register(${JSON.stringify(moduleUrl(watcher))})`

function moduleUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`
}

t.test('no other command loads what it needs', async (t) => {
  const file = folder(t, { cfg: '' })('cfg')
  const loads = async (args: readonly string[]) => {
    const { code, stderr } = await runPostern(t, args, { nodeArgs: ['--import', moduleUrl(watched)] })
    t.equal(code, 0)
    return stderr
  }
  t.strictSame([await loads(['migrate', file]), await loads(['keygen'])], ['the parser is loaded', ''])
})

t.test('does not hide a fault of the program itself', async (t) => {
  const file = folder(t, { cfg: '' })('cfg')
  const write = () => {
    throw new TypeError('a bug')
  }
  t.throws(() => runMigrate([file], { write }), { message: 'a bug' })
  t.throws(() => runMigrate([file], { write, format: 'ini' as never }), TypeError)
})
