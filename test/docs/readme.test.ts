import { execFileSync, spawnSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import t from 'tap'
import { bearerChallenge } from '../../src/core/challenge.ts'
import { requestLine } from '../../src/logs/request-log.ts'
import { anchorsOf, blocksOf, inlineCodeOf, localLinksOf, projectFile, rowsUnder } from './markdown.ts'

const pages = ['README.md', 'SECURITY.md', 'CHANGELOG.md', 'config/README.md']
const readme = projectFile('README.md')

/** Commands a reader may type: in shell blocks and between backticks. */
const commands = [
  ...blocksOf(readme, 'sh').flatMap(({ text }) => text.split('\n')),
  ...inlineCodeOf(readme).filter((code) => /\b(?:npm|postern) /.test(code)),
]

const helpTexts = new Map<string, string>()

/** What `--help` says, of the program or of one of its commands. */
function help(command = ''): string {
  const words = ['build/src/main.js', command, '--help'].filter(Boolean)
  const text = helpTexts.get(command) ?? execFileSync(process.execPath, words, { encoding: 'utf8' })
  helpTexts.set(command, text)
  return text
}

t.test('every link leads to a file, and to a heading in it', async (t) => {
  for (const page of pages) {
    for (const link of localLinksOf(projectFile(page))) {
      const [path = '', anchor] = link.split('#')
      const file = path === '' ? page : join(dirname(page), path)
      t.ok(existsSync(file), `${page}: ${link}`)
      if (anchor !== undefined) t.ok(anchorsOf(projectFile(file)).includes(anchor), `${page}: ${link}`)
    }
  }
})

t.test('every npm command exists, with its options', async (t) => {
  const { scripts } = JSON.parse(projectFile('package.json')) as { scripts: Record<string, string> }
  const found = commands.flatMap((line) => [...line.matchAll(/\bnpm (run [\w:]+|test|start)([^&|]*)/g)])
  t.ok(found.length >= 8)
  for (const [command, script = '', rest = ''] of found) {
    const name = script.replace('run ', '')
    t.ok(name in scripts, command)
    const described = name === 'bench' ? projectFile('test/bench/run.ts') : help('demo')
    for (const [option] of rest.matchAll(/--[a-z][\w-]*/g)) t.ok(described.includes(option), command)
  }
})

t.test('every postern command exists, with its options', async (t) => {
  const listed = [...help().matchAll(/^ {2}([a-z]+) /gm)].map(([, name = '']) => name)
  const found = commands.flatMap((line) => [...line.matchAll(/\bpostern ([a-z]+)([^)&|]*)/g)])
  t.ok(found.length >= 8)
  for (const [command, name = '', rest = ''] of found) {
    t.ok(listed.includes(name), command)
    const described = help(name)
    for (const [option] of rest.matchAll(/--[a-z][\w-]*/g)) t.ok(described.includes(`${option} `), command)
  }
  const told = rowsUnder(readme, '## Command line').map(([cell = '']) => /^`postern (\w+)/.exec(cell)?.[1])
  t.strictSame(new Set(told), new Set(listed.filter((name) => name !== 'help')), 'and none is left out')
})

t.test('the exit codes are those of the table', async (t) => {
  const exitCode = (...words: string[]) =>
    spawnSync(process.execPath, ['build/src/main.js', ...words], { env: {} }).status
  const codes = new Map(rowsUnder(readme, '## Command line').map(([cell = '', , code = '']) => [cell, code]))
  t.equal(codes.get('`postern check FILE`'), '0 or 78')
  t.equal(exitCode('check', 'config/postern.yaml'), 78, 'the secrets are not in the environment')
  t.match(codes.get('`postern serve --config FILE`'), '78 for a bad configuration')
  t.equal(exitCode('serve', '--config', 'no-such-file.yaml'), 78)
  t.equal(codes.get('`postern keygen`'), '0')
  t.equal(exitCode('keygen'), 0)
  t.match(readme, 'Wrong usage is exit code 1.')
  t.equal(exitCode('check'), 1)
})

t.test('every reason of the troubleshooting table is one of the code', async (t) => {
  const files = readdirSync('src', { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.ts'),
  )
  const source = files.map((name) => projectFile(join('src', name))).join('\n')
  const reasons = rowsUnder(readme, '## Troubleshooting').flatMap(([, cell = '']) => inlineCodeOf(cell))
  t.ok(reasons.length >= 10)
  // The reasons of upstream failures are put together.
  const isKnown = (reason: string) => source.includes(`'${reason.replace(/^upstream-/, '')}'`)
  t.strictSame(
    reasons.filter((reason) => !isKnown(reason)),
    [],
  )
})

t.test('the challenges are written as the table says', async (t) => {
  const rows = rowsUnder(readme, '## API clients')
  t.ok(rows.length >= 6)
  const codes = [...projectFile('src/core/challenge.ts').matchAll(/'(inv\w+|insuf\w+)'/g)].map(
    ([, code]) => code,
  )
  const told = rows.flatMap(([, , cell = '']) => /error="(\w+)"/.exec(cell)?.[1] ?? [])
  t.strictSame(new Set(told), new Set(codes), 'every error code, and no other')
  const written = bearerChallenge({
    ...{ realm: 'https://app.example.com', error: 'invalid_token', description: 'x', scope: ['x'] },
    ...{ acr: ['x'], maxAge: 1, resourceMetadata: 'x' },
  })
  const parameters = inlineCodeOf(readme).flatMap((code) => /^(\w+)="/.exec(code)?.[1] ?? [])
  t.ok(parameters.length >= 6)
  for (const name of parameters) t.ok(written.includes(` ${name}="`), name)
})

t.test('the log line has the fields that are written', async (t) => {
  const [shown] = blocksOf(readme, 'json').map(({ text }) => JSON.parse(text))
  const { sub, credential, rule, upstream, client, request_id: requestId, duration_ms: durationMs } = shown
  const { method, host, path, status, decision, reason } = shown
  const facts = {
    isAborted: false,
    method,
    host,
    path,
    status,
    decision,
    reason,
    sub,
    credential,
    rule,
    upstream,
    client,
    requestId,
    durationMs,
  }
  const { fields, message } = requestLine(facts)
  const { level: _level, time: _time, msg, ...rest } = shown
  t.match(fields, rest)
  t.equal(msg, message)
})

t.test('every folder of the layout exists, and none is left out', async (t) => {
  const layout = blocksOf(readme, 'text').map(({ text }) => text)
  const named = [...layout.join('').matchAll(/\bsrc\/[\w/.-]+/g)].map(([path]) => path)
  for (const path of named) t.ok(existsSync(path), path)
  const folders = readdirSync('src', { withFileTypes: true }).filter((entry) => entry.isDirectory())
  for (const { name } of folders)
    t.match(layout.join(''), new RegExp(`\\b${name}/`), `src/${name} is explained`)
})

t.test('the figures of the bench have their place', async (t) => {
  t.equal(readme.match(/^<!-- bench -->$[\s\S]*?^<!-- \/bench -->$/gm)?.length, 1)
})

t.test('the first command is on the first screen', async (t) => {
  t.match(readme.split('\n').slice(0, 20).join('\n'), /^npm run demo$/m)
})
