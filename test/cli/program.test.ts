import { readFileSync } from 'node:fs'
import t from 'tap'
import { writeConfig, yamlWith } from '../config/support.ts'
import { goodYaml, env as lintEnv } from '../lint/support.ts'
import { runPostern } from './postern.ts'

const commands = ['serve', 'check', 'keygen', 'healthcheck', 'print', 'explain', 'test', 'migrate', 'demo']

t.test('--help names every command and exit code, and each command has its own', async (t) => {
  const { code, stdout } = await runPostern(t, ['--help'])
  t.equal(code, 0)
  for (const command of commands) t.match(stdout, new RegExp(`^  ${command}\\b`, 'm'))
  t.match(stdout, /^ {2}78 {2}the configuration has problems/m)
  const helps = await Promise.all(commands.map((command) => runPostern(t, [command, '--help'])))
  for (const [index, help] of helps.entries()) {
    t.equal(help.code, 0)
    t.match(help.stdout, `Usage: postern ${commands[index]}`)
  }
})

t.test('--version is that of the package', async (t) => {
  const file = new URL('../../../package.json', import.meta.url)
  const { version } = JSON.parse(readFileSync(file, 'utf8'))
  t.strictSame(await runPostern(t, ['--version']), { code: 0, stdout: `${version}\n`, stderr: '' })
})

t.test('what nobody can mean is refused with a hint, and no stack', async (t) => {
  const wrong = [
    ['nope'],
    ['serve', 'what'],
    ['demo', '--port', '70000'],
    ['demo', '--port', ''],
    ['healthcheck', '--timeout', '0'],
    ['healthcheck', '--timeout', 'Infinity'],
    ['check'],
    ['check', '--format', 'xml', 'postern.yaml'],
    ['print'],
    ['print', 'apache'],
    ['print', 'nginx', '--address', 'postern'],
    ['print', 'nginx', '--address', 'postern:70000'],
    ['print', 'nginx', '--service', 'app:8080'],
    ['print', 'nginx', '--service', 'http://app:8080/x; evil'],
    ['explain', 'GET'],
    ['test'],
    ['--frob'],
  ]
  const answers = await Promise.all(wrong.map((args) => runPostern(t, args)))
  for (const [index, { code, stdout, stderr }] of answers.entries()) {
    t.strictSame([code, stdout], [1, ''], String(wrong[index]))
    t.match(stderr, /^error: .*\n\(postern --help tells more\)\n$/)
  }
})

t.test('a word that is no command is called that', async (t) => {
  t.match((await runPostern(t, ['nope'])).stderr, "error: unknown command 'nope'\n")
})

t.test('keygen prints 32 bytes in base64 and nothing else', async (t) => {
  const { code, stdout, stderr } = await runPostern(t, ['keygen'])
  t.strictSame([code, stderr], [0, ''])
  t.match(stdout, /^[A-Za-z0-9+/]{43}=\n$/)
})

t.test('check reads the environment, and ends with 0 or 78', async (t) => {
  const file = writeConfig(t, goodYaml({ server: `server: { public_url: "$\{CHECKED_URL}" }` }))
  const env = { ...lintEnv, CHECKED_URL: 'https://app.example.com' }
  const [good, bad] = [await runPostern(t, ['check', file], { env }), await runPostern(t, ['check', file])]
  t.strictSame(good, { code: 0, stdout: `${file} is valid: 1 route, 1 upstream\n`, stderr: '' })
  t.strictSame([bad.code, bad.stderr], [78, ''])
  t.match(bad.stdout, `${file}:1:23  server.public_url  needs the environment variable CHECKED_URL`)
})

t.test('check finds rules that contradict each other', async (t) => {
  const rule = '{ path: /x, upstream: web, access: public }'
  const file = writeConfig(t, yamlWith({ routes: `routes: [${rule}, ${rule}]` }))
  t.equal((await runPostern(t, ['check', file])).code, 78)
})

t.test(
  'check --strict fails for what it only warns of else, and --format json tells it to programs',
  async (t) => {
    const file = writeConfig(
      t,
      goodYaml({ session: `session: { keys: ["$\{KEY}"], absolute_lifetime: 31d }` }),
    )
    const [lenient, strict] = await Promise.all([
      runPostern(t, ['check', file], { env: lintEnv }),
      runPostern(t, ['check', '--strict', '--format', 'json', file], { env: lintEnv }),
    ])
    t.equal(lenient.code, 0)
    t.match(lenient.stdout, `${file}:4:49  warning  session.absolute_lifetime  is longer`)
    t.match(lenient.stdout, `${file} is valid: 1 route, 1 upstream, 1 warning\n`)
    t.strictSame([strict.code, strict.stderr], [78, ''])
    t.match(JSON.parse(strict.stdout), { file, valid: false, findings: [{ severity: 'warning', line: 4 }] })
  },
)

t.test('with a bad configuration every problem is listed, and nothing is started', async (t) => {
  const file = writeConfig(t, yamlWith({ server: 'server: {}', routes: 'routes: []' }))
  for (const args of [
    ['serve', '--config', file],
    ['-c', file],
    ['healthcheck', '--config', file],
  ]) {
    const { code, stdout, stderr } = await runPostern(t, args)
    t.strictSame([code, stdout], [78, ''])
    t.strictSame(
      stderr.split('\n').map((line) => line.replace(file, 'F').split('  ').slice(0, 2).join(' ')),
      ['F:1:9 server.public_url', 'F:6:9 routes', ''],
    )
  }
})

t.test('a configuration that is not there is a problem of the configuration', async (t) => {
  const { code, stderr } = await runPostern(t, [], { env: { POSTERN_CONFIG: '/nowhere/postern.yaml' } })
  t.equal(code, 78)
  t.equal(stderr, '/nowhere/postern.yaml:1:1  cannot be read: no such file or directory\n')
})
