import { once } from 'node:events'
import { request as httpRequest } from 'node:http'
import t from 'tap'
import { createAdmin } from '../../src/admin/health.ts'
import { startDemo } from '../../src/demo/demo.ts'
import { createLogger } from '../../src/logs/logger.ts'
import { freePort } from '../support/free-port.ts'
import { blocksOf, projectFile, rowsUnder } from './markdown.ts'

const readme = projectFile('README.md')

/** A command of the README and the lines that are to be found in its answer. */
type Example = { command: string; expected: string[] }

/** Starts the demo on free ports; its rules are those of config/demo.yaml. */
async function start(): Promise<{ port: number; close: () => Promise<void> }> {
  const rules = projectFile('config/demo.yaml').replace(/^admin:\n( .*\n)+/m, '')
  const configFile = `${t.testdir({ 'demo.yaml': `${rules}\nadmin: { listen: "127.0.0.1:0" }\n` })}/demo.yaml`
  const { logger } = createLogger({ level: 'silent', format: 'json', isTerminal: false })
  const port = await freePort()
  const { close } = await startDemo({ configFile, port, logger })
  return { port, close }
}

/** The console examples, for a demo on this port. */
function examplesOf(port: number): Example[] {
  const text = blocksOf(readme, 'console')
    .map((block) => block.text)
    .join('\n')
  const lines = text.replaceAll('4180', String(port)).split('\n')
  const examples: Example[] = []
  for (const line of lines.filter((line) => line !== '')) {
    if (line.startsWith('$ ')) examples.push({ command: line.slice(2), expected: [] })
    else examples.at(-1)?.expected.push(line)
  }
  return examples
}

/** Does what curl would with the few options the README uses; throws on any other. */
async function curl(command: string): Promise<string> {
  const [program, ...words] = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(
    ([, quoted, bare]) => quoted ?? bare,
  )
  const headers: Record<string, string> = { accept: '*/*' }
  let method = 'GET'
  let url = ''
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '-X') method = words.shift() as string
    else if (word === '-H') {
      const [name = '', value = ''] = (words.shift() as string).split(': ')
      headers[name.toLowerCase()] = value
    } else if (/^http:/.test(word)) url = word
    else if (word !== '-i') throw new Error(`the test knows no curl ${word}`)
  }
  if (program !== 'curl') throw new Error(`the test knows no ${program}`)
  return answerTo(url, method, headers)
}

/** Head and body, as `curl -i` prints them. */
async function answerTo(url: string, method: string, headers: Record<string, string>): Promise<string> {
  const { port, host } = new URL(url)
  const options = { host: '127.0.0.1', port, method, headers: { ...headers, host }, agent: false }
  const outgoing = httpRequest({ ...options, path: url.slice(new URL(url).origin.length) }).end()
  const [response] = await once(outgoing, 'response')
  let body = ''
  for await (const chunk of response) body += chunk
  const pairs = Object.entries(response.headers).map(([name, value]) => `${name}: ${value}`)
  return [`HTTP/1.1 ${response.statusCode} ${response.statusMessage}`, ...pairs, '', body].join('\n')
}

/** `…` stands for anything on the line. */
function pattern(line: string): RegExp {
  const parts = line.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`, 'm')
}

t.test('the shell examples do in the demo what the README says', async (t) => {
  const { port, close } = await start()
  t.teardown(close)
  const examples = examplesOf(port)
  t.ok(examples.length >= 5)
  for (const { command, expected } of examples) {
    const answer = await curl(command)
    t.ok(expected.length > 0, command)
    for (const line of expected) t.match(answer, pattern(line), command)
  }
})

t.test('the pages to try in the demo are served, and every endpoint that is listed exists', async (t) => {
  const { port, close } = await start()
  t.teardown(close)
  const origin = `http://localhost:${port}`
  const pages = rowsUnder(readme, '## What you see').map(([cell = '']) => `GET ${cell.replaceAll('`', '')}`)
  const endpoints = rowsUnder(readme, '## Endpoints')
    .map(([cell = '']) => cell.replaceAll('`', ''))
    .filter((cell) => !cell.includes(' /'))
    .map((cell) => cell.replace(' ', ' /oauth2/').replace('?rd=', '?rd=/'))
  t.ok(pages.length >= 5 && endpoints.length >= 6)
  for (const line of [...pages, ...endpoints]) {
    const [method = '', path = ''] = line.split(' ')
    const head = await answerTo(`${origin}${path}`, method, { accept: 'text/html' })
    t.notMatch(head, /^HTTP\/1\.1 (?:404|405|5\d\d)/, line)
  }
})

/** Runs the script for pages as a page of this origin would; gives where it leads and how long it waits. */
async function runScript(origin: string, answer?: object) {
  const [script] = blocksOf(readme, 'js').map(({ text }) => text)
  const AsyncFunction = (async () => {}).constructor as FunctionConstructor
  const steps: (string | number)[] = []
  const run = AsyncFunction('fetch', 'location', 'setTimeout', 'warn', script as string)
  await run(
    async (path: string) => (answer === undefined ? fetch(origin + path) : Response.json(answer)),
    { href: `${origin}/account/?a=b`, assign: (href: string) => steps.push(href) },
    (_: unknown, waits: number) => steps.push(waits),
    undefined,
  )
  return steps
}

t.test('the script for pages leads to the sign-in, or waits until a minute is left', async (t) => {
  const { port, close } = await start()
  t.teardown(close)
  const origin = `http://localhost:${port}`
  const here = encodeURIComponent(`${origin}/account/?a=b`)
  t.strictSame(await runScript(origin), [`${origin}/oauth2/start?rd=${here}`])
  t.strictSame(await runScript(origin, { signed_in: true, seconds_left: 3_600 }), [3_540_000])
})

t.test('the admin listener answers as the README says', async (t) => {
  const admin = createAdmin({ readiness: () => ({ ready: false, checks: { provider: { ok: false } } }) })
  t.teardown(() => admin.close())
  const rows = rowsUnder(readme, '## Endpoints').filter(([cell = '']) => cell.includes('GET /'))
  t.strictSame(
    rows.map(([cell]) => cell),
    ['`GET /healthz`', '`GET /readyz`'],
  )
  for (const [cell = '', says = ''] of rows) {
    const { statusCode, body } = await admin.inject(cell.slice(5, -1))
    t.match(says, String(statusCode), cell)
    if (statusCode === 200) t.match(says, body, cell)
  }
})
