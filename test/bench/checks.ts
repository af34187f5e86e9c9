/** What a check at the auth endpoint costs beside a route that only answers. */
import { request } from 'undici'
import type { Bench } from './bench.ts'
import { type Comparison, compare } from './comparison.ts'
import { processTree } from './measure.ts'
import { type PosternOptions, postern } from './postern.ts'
import { serveFile } from './processes.ts'
import type { Plan } from './rounds.ts'
import {
  bareCheckName,
  checkName,
  checkRulesName,
  guardedPath,
  type Running,
  type Subject,
} from './subject.ts'

const checkPath = '/oauth2/auth'

/** Everything that is measured, in the order of the table. */
const subjects: readonly Subject[] = [
  { name: bareCheckName, start: startBare },
  { name: checkName, start: (bench) => startCheck(bench, { preset: 'nginx' }) },
  { name: checkRulesName, start: (bench) => startCheck(bench, { preset: 'nginx', rules: 10_000 }) },
  { name: 'Postern, session, preset caddy', start: (bench) => startCheck(bench, { preset: 'caddy' }) },
  { name: 'Postern, session, preset envoy', start: (bench) => startCheck(bench, { preset: 'envoy' }) },
  {
    name: 'Postern, session, request log on',
    start: (bench) => startCheck(bench, { preset: 'nginx', logLevel: 'info' }),
  },
]

/** Measures checks side by side. */
export function compareChecks(bench: Bench, plan: Plan, say: (text: string) => void): Promise<Comparison> {
  return compare(bench, subjects, bareCheckName, plan, say)
}

/** Starts a Postern that a proxy asks, signs in, and says what the proxy would send. */
export async function startCheck(bench: Bench, options: PosternOptions): Promise<Running> {
  const gateway = await postern(bench, options)
  const { origin, host } = new URL(gateway.url)
  const isPath = options.preset === 'envoy'
  const url = origin + checkPath + (isPath ? guardedPath : '')
  return { ...gateway, url, host, lines: isPath ? proxyLines : [...proxyLines, ...originalLines(host)] }
}

const proxyLines = ['X-Forwarded-For: 192.0.2.7', 'X-Forwarded-Proto: http']

function originalLines(host: string): string[] {
  return [`X-Forwarded-Host: ${host}`, 'X-Forwarded-Method: GET', `X-Forwarded-Uri: ${guardedPath}`]
}

async function startBare(bench: Bench): Promise<Running> {
  const gateway = await startCheck(bench, { preset: 'nginx' })
  const bare = await startBareLike(gateway, 1, [bench.cores.subject])
  await gateway.close()
  return bare
}

/** Starts what gets the very requests that a Postern gets, and answers with the headers of its answer. */
export async function startBareLike(
  gateway: Running,
  workers: number,
  cores: readonly number[],
): Promise<Running> {
  const headers = await answerHeaders(gateway)
  const server = await serveFile('bare-check', [checkPath, JSON.stringify(headers), String(workers)], cores)
  const { url, pid, close } = server
  const bare = { ...gateway, url: url + checkPath, pids: processTree(pid), close }
  expectSame(headers, await answerHeaders(bare))
  return bare
}

type Headers = Readonly<Record<string, unknown>>

/** The headers of an answer, save those that Node writes by itself. */
async function answerHeaders({ url, host, lines = [], cookies }: Running): Promise<Headers> {
  const pairs = lines.map((line) => line.split(': ') as [string, string])
  const headers = { ...Object.fromEntries(pairs), host, cookie: cookies[0] }
  const { statusCode, headers: answered, body } = await request(url, { headers })
  await body.dump()
  if (statusCode !== 200) throw new Error(`a check was answered with ${statusCode}`)
  const { date: _d, connection: _c, 'keep-alive': _k, 'content-length': _l, ...own } = answered
  return own
}

function expectSame(wanted: Headers, found: Headers): void {
  const [one, other] = [wanted, found].map((headers) => JSON.stringify(Object.entries(headers).sort()))
  if (one !== other) throw new Error(`the bare route answers with ${other} instead of ${one}`)
}
