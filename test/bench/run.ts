/** `npm run bench`: measures Postern beside what it is compared with, in interleaved rounds on one core. Linux only. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bench, startBench } from './bench.ts'
import { type Comparison, compare } from './comparison.ts'
import { compareRules, compareSessions, compareStreams, measureIdleMemory } from './experiments.ts'
import { findProgram } from './processes.ts'
import { asMarkdown, asText, type Experiments, type Report } from './report.ts'
import { fullPlan, type Plan, quickPlan } from './rounds.ts'
import { sessionName } from './subject.ts'
import { subjects } from './subjects.ts'
import { judge } from './targets.ts'
import { compareTokens } from './tokens.ts'

const usage = `npm run bench -- [--quick] [--markdown] [--json FILE]

  --quick      three short rounds, about a minute
  --markdown   print tables for the README
  --json FILE  where the figures go (default: build/bench.json)
`

const { values: options } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    json: { type: 'string', default: 'build/bench.json' },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) process.stdout.write(usage)
else if (process.platform !== 'linux' || findProgram('taskset') === undefined)
  stop('needs Linux (/proc) and taskset')
else await run(options.quick ? quickPlan : fullPlan)

async function run(plan: Plan): Promise<void> {
  const bench = await startBench()
  try {
    say('starting the subjects')
    const comparison = await compare(bench, subjects, plan, say)
    const canRun = comparison.rows.some((row) => row.name === sessionName)
    const report = createReport(plan, comparison, canRun ? await experiment(bench, plan) : undefined)
    save(report)
    process.stdout.write(options.markdown ? asMarkdown(report) : asText(report))
    if (!canRun) stop('Postern itself was not measured')
  } finally {
    await bench.close()
  }
}

async function experiment(bench: Bench, plan: Plan): Promise<Experiments> {
  say('rules')
  const rules = await compareRules(bench, plan)
  say('sessions')
  const sessions = await compareSessions(bench, plan)
  say('bearer tokens')
  const tokens = await compareTokens(bench, plan)
  say('streams')
  const download = await compareStreams(bench, plan, 'download')
  const upload = await compareStreams(bench, plan, 'upload')
  say('memory')
  return { rules, sessions, tokens, download, upload, idleMemory: await measureIdleMemory(bench) }
}

function createReport(plan: Plan, comparison: Comparison, experiments: Experiments | undefined): Report {
  return {
    date: new Date().toISOString(),
    node: process.versions.node,
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    rounds: plan.rounds,
    comparison,
    ...(experiments !== undefined && { experiments }),
    targets: experiments === undefined ? [] : judge(comparison, experiments),
  }
}

function save(report: Report): void {
  mkdirSync(dirname(options.json), { recursive: true })
  writeFileSync(options.json, `${JSON.stringify(report, undefined, 2)}\n`)
  say(`figures written to ${options.json}`)
}

/** Progress goes to standard error, so that standard output can be redirected into a file. */
function say(text: string): void {
  process.stderr.write(`bench: ${text}\n`)
}

function stop(reason: string): void {
  say(reason)
  process.exitCode = 1
}
