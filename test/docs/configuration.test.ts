import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse, parseDocument, stringify } from 'yaml'
import { runCheck } from '../../src/cli/check.ts'
import { type LoadOptions, loadConfig, loadSource } from '../../src/config/load.ts'
import { renderWarning } from '../../src/config/problem.ts'
import type { Config } from '../../src/config/schema.ts'
import { canonicalPath, type RequestPath } from '../../src/core/request-path.ts'
import { compileRules, ruleProblems } from '../../src/core/rules.ts'
import { lint } from '../../src/lint/lint.ts'
import { goodKey } from '../lint/support.ts'
import { type Block, blocksOf, inlineCodeOf, projectFile, rowsUnder } from './markdown.ts'

const readme = projectFile('README.md')
const secret = 'p7Yk2vQx9sLm4TzR8wBn'
const env = {
  POSTERN_CLIENT_SECRET: secret,
  POSTERN_SESSION_KEY: goodKey('new'),
  POSTERN_OLD_SESSION_KEY: goodKey('old'),
  POSTERN_API_SECRET: secret,
}

/** What the first line of a YAML block says it is. */
const kinds = {
  whole: /^# postern\.yaml\n/,
  part: /^# postern\.yaml, a part\n/,
  schemaLine: /^# yaml-language-server: \$schema=(\S+)\n$/,
  foreign: /^# (?:compose\.yaml|Kubernetes, a part of a Deployment)\n/,
}
const blocks = blocksOf(readme, 'yaml')
const ofKind = (kind: keyof typeof kinds): Block[] => blocks.filter(({ text }) => kinds[kind].test(text))

type Section = Record<string, unknown>
type Yaml = Record<string, Section> & { routes?: unknown }

function optionsFor(text: string): LoadOptions {
  const readFile = (path: string) => {
    if (path.endsWith('.yaml')) return text
    return path.endsWith('session_keys') ? `${goodKey('file')}\n` : `${secret}\n`
  }
  return { env, readFile, checkRules: ruleProblems }
}

function load(text: string): Config {
  return loadConfig('postern.yaml', optionsFor(text))
}

function warningsOf(text: string): string[] {
  return lint(loadSource('postern.yaml', optionsFor(text))).map(renderWarning)
}

/** Keys of the base configuration, which is the first whole one, that give way to one of a fragment. */
const replaces: Record<string, string> = {
  endpoints: 'issuer',
  client_secret_file: 'client_secret',
  keys_file: 'keys',
}

/** A whole configuration with the sections of a fragment laid over it; upstreams and routes are replaced. */
function overlaid(base: Yaml, part: Yaml): Yaml {
  const merged: Yaml = { ...base, ...part }
  for (const name of ['server', 'provider', 'session']) {
    const gone = Object.keys(part[name] ?? {}).map((key) => replaces[key])
    const kept = Object.entries(base[name] as Section).filter(([key]) => !gone.includes(key))
    merged[name] = { ...Object.fromEntries(kept), ...part[name] }
  }
  return merged
}

t.test('every YAML block says what it is', async (t) => {
  for (const { text, line } of blocks)
    t.equal(Object.values(kinds).filter((kind) => kind.test(text)).length, 1, `README.md:${line}`)
})

t.test('the whole configurations of the README load without a warning', async (t) => {
  const wholes = ofKind('whole').map(({ text }) => load(text))
  t.strictSame(
    wholes.map(({ provider }) => provider !== undefined),
    [true, false],
    'one with a login, and one without',
  )
  for (const { text } of ofKind('whole')) t.strictSame(warningsOf(text), [])
})

t.test('the problems that are shown are those of the mistakes that are named', async (t) => {
  const [whole] = ofKind('whole').map(({ text }) => text)
  const broken = (whole as string)
    .replace('issuer:', 'isuer:')
    .replace('url: "http://', 'url: "')
    .replace('path: /**, upstream: app', 'path: /**, upstream: ap')
  const lines: string[] = []
  const file = join(t.testdir({ 'postern.yaml': broken }), 'postern.yaml')
  t.equal(runCheck(file, { env, write: (line) => lines.push(line), checkRules: ruleProblems }), 78)
  const shown = blocksOf(readme, 'text').find(({ text }) => text.startsWith('postern.yaml:')) as Block
  t.strictSame(
    lines.map((line) => line.slice(file.length)),
    shown.text
      .trimEnd()
      .split('\n')
      .map((line) => line.slice('postern.yaml'.length)),
  )
})

t.test('every part of a configuration loads without a warning, laid over the whole one', async (t) => {
  const [base] = ofKind('whole').map(({ text }) => parse(text) as Yaml)
  const parts = ofKind('part')
  t.ok(parts.length >= 5)
  for (const { text, line } of parts) {
    const merged = stringify(overlaid(base as Yaml, parse(text) as Yaml))
    t.strictSame(warningsOf(merged), [], `README.md:${line}`)
  }
})

t.test('what belongs to other programs is YAML', async (t) => {
  for (const { text, line } of ofKind('foreign'))
    t.strictSame(parseDocument(text).errors, [], `README.md:${line}`)
})

t.test('editors are led to the schema', async (t) => {
  for (const { text } of ofKind('schemaLine')) t.ok(existsSync(kinds.schemaLine.exec(text)?.[1] as string))
  for (const name of ['config/postern.yaml', 'config/demo.yaml'])
    t.match(projectFile(name), /^# yaml-language-server: \$schema=\.\/postern\.schema\.json\n/, name)
})

t.test('every key that is named exists', async (t) => {
  const known = new Set(
    [...projectFile('config/README.md').matchAll(/^#+ `?([^`\n]+)`?$/gm)].map(([, key]) => key),
  )
  const sections = /^(?:server|admin|provider|session|bearer|upstreams|routes|logging)\.[\w.]+$/
  for (const name of ['README.md', 'SECURITY.md']) {
    const named = inlineCodeOf(projectFile(name)).filter((code) => sections.test(code))
    t.ok(named.length > 0, name)
    t.strictSame(
      named.filter((key) => !known.has(key)),
      [],
      name,
    )
  }
})

t.test('the limits of sessions are the defaults', async (t) => {
  const { session } = load(ofKind('whole')[0]?.text as string)
  const told = new Map(
    rowsUnder(readme, '## Sessions').map(([name = '', value = '']) => [name.replaceAll('`', ''), value]),
  )
  const hours = (ms: unknown) => `${Number(ms) / 3_600_000} h`
  t.equal(told.get('session.absolute_lifetime'), hours(session.absolute_lifetime))
  t.equal(told.get('session.idle_timeout'), hours(session.idle_timeout))
  t.equal(told.get('session.cookie.max_chunks'), String(session.cookie.max_chunks))
})

t.test('the table of rules is what the rule table does', async (t) => {
  const [base] = ofKind('whole').map(({ text }) => parse(text) as Yaml)
  const example = ofKind('part').find(({ text }) => text.includes('realm_access')) as Block
  const table = compileRules(load(stringify(overlaid(base as Yaml, parse(example.text) as Yaml))).routes)
  const rows = rowsUnder(readme, '## Rules')
  t.ok(rows.length >= 5)
  for (const [request = '', judgedBy = '', passes = ''] of rows) {
    const [, method = '', target = ''] = /^`(\S+) (\S+)`$/.exec(request) ?? []
    const { path } = canonicalPath(target) as RequestPath
    const match = table.match('app.example.com', path, method)
    if (match.kind === 'rule') t.equal(match.rule.path, /`([^`]+)`/.exec(judgedBy)?.[1], request)
    else t.match([match.kind, passes], ['wrong-method', '405'], request)
  }
})
