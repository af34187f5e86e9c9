/** How long `postern explain` takes from nothing. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import type { Bench } from './bench.ts'
import { type Spread, spread } from './statistics.ts'

export type ExplainResult = Readonly<{
  /** From the start of the process to its end, as a shell sees it, milliseconds. */
  wall: Spread
  /** The same for a Node that does nothing. */
  bareNode: Spread
  /** From when Node was ready to run code, milliseconds. */
  work: Spread
  /** CPU time of the whole command; a busy machine lengthens the others far more. */
  cpu: Spread
}>

const runs = 11
/** The bundle: as people start it. */
const main = fileURLToPath(new URL('../../../dist/main.js', import.meta.url))
const example = fileURLToPath(new URL('../../../config/postern.yaml', import.meta.url))

/** Explains a request by the example configuration, in turns with a Node that does nothing. */
export async function measureExplain(bench: Bench): Promise<ExplainResult> {
  const times = bench.file('explain-times')
  // Not by --import, which takes Node 15 ms.
  const atEnd = bench.file('at-end.cjs')
  const source = `const { appendFileSync } = require('node:fs')
    process.on('exit', () => {
      const { user, system } = process.cpuUsage()
      const work = performance.now() - performance.nodeTiming.bootstrapComplete
      appendFileSync(${JSON.stringify(times)}, work + ' ' + (user + system) / 1000 + '\\n')
    })`
  writeFileSync(atEnd, source)
  const explain = [main, 'explain', '--config', example, 'GET', '/api/orders/7', '--scopes', 'orders:read']
  const wall: number[] = []
  const bareNode: number[] = []
  for (let turn = 0; turn < runs; turn++) {
    wall.push(await timed(explain))
    bareNode.push(await timed(['-e', '0']))
    await timed(['--require', atEnd, ...explain])
  }
  const ends = readFileSync(times, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.split(' ').map(Number))
  const column = (index: number) => spread(ends.map((end) => end[index] ?? Number.NaN))
  return { wall: spread(wall), bareNode: spread(bareNode), work: column(0), cpu: column(1) }
}

async function timed(args: readonly string[]): Promise<number> {
  const env = {
    ...process.env,
    POSTERN_CLIENT_SECRET: 'a client secret that guards nothing',
    POSTERN_SESSION_KEY: randomBytes(32).toString('base64'),
  }
  const startedAt = performance.now()
  const child = spawn(process.execPath, args, { env, stdio: ['ignore', 'ignore', 'inherit'] })
  const [code] = await once(child, 'exit')
  if (code !== 0) throw new Error(`node ${args[0]} ended with ${code}`)
  return performance.now() - startedAt
}
