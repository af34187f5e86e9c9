/** `npm run bench`: measures Postern beside what it is compared with, in interleaved rounds on one core. Linux only. */
import { mkdirSync, writeFileSync } from 'node:fs'
import { availableParallelism, cpus } from 'node:os'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { type Bench, startBench } from './bench.ts'
import { compareChecks } from './checks.ts'
import { compare } from './comparison.ts'
import { compareRules, compareSessions, compareStreams, measureIdleMemory } from './experiments.ts'
import { measureOperations } from './operations.ts'
import { findProgram } from './processes.ts'
import { asMarkdown, asText, type Experiments, type Report } from './report.ts'
import { fullPlan, type Plan, quickPlan } from './rounds.ts'
import { soak } from './soak.ts'
import { floorName, sessionName } from './subject.ts'
import { subjects } from './subjects.ts'
import { judge, judgeChecks, judgeOperations } from './targets.ts'
import { compareTokens } from './tokens.ts'

const usage = `npm run bench -- [checks | operations] [--quick] [--markdown] [--json FILE]
npm run bench -- soak [--minutes N] [--load SHARE] [--workers N] [--out FOLDER]

  checks       only the auth endpoint
  operations   workers, reloads, idle WebSockets, the time explain takes
  soak         ordinary work for a long time: memory and errors, as figures and a picture
  --quick      three short rounds, about a minute
  --markdown   print tables for the README
  --json FILE  where the figures go (default: build/bench.json)
  --minutes N  how long (default: 60)
  --load SHARE how much of a core each serving process is to use (default: 0.5)
  --workers N  how many processes serve (default: 1)
  --out FOLDER where soak.csv, soak.svg and soak.txt go (default: build/soak)
`

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    markdown: { type: 'boolean', default: false },
    json: { type: 'string', default: 'build/bench.json' },
    minutes: { type: 'string', default: '60' },
    load: { type: 'string', default: '0.5' },
    workers: { type: 'string', default: '1' },
    out: { type: 'string', default: 'build/soak' },
    help: { type: 'boolean', default: false },
  },
})

const [part, ...others] = positionals

if (options.help) process.stdout.write(usage)
else if (others.length > 0 || (part !== undefined && !['checks', 'operations', 'soak'].includes(part)))
  stop('there is no such part; see --help')
else if (process.platform !== 'linux' || findProgram('taskset') === undefined)
  stop('needs Linux (/proc) and taskset')
else if (part === 'soak') await runSoak()
else await run(options.quick ? quickPlan : fullPlan)

async function run(plan: Plan): Promise<void> {
  const bench = await startBench()
  try {
    const report = await measure(bench, plan)
    save(report)
    process.stdout.write(options.markdown ? asMarkdown(report) : asText(report))
  } finally {
    await bench.close()
  }
}

async function runSoak(): Promise<void> {
  const numbers = {
    minutes: Number(options.minutes),
    load: Number(options.load),
    workers: Number(options.workers),
  }
  if (!Object.values(numbers).every((value) => value > 0)) return stop('that is no number; see --help')
  if (!(await soak({ ...numbers, folder: options.out }, say))) process.exitCode = 1
}

function measure(bench: Bench, plan: Plan): Promise<Report> {
  if (part === 'checks') return measureChecks(bench, plan)
  if (part === 'operations') return measureRunning(bench, plan)
  return measureAll(bench, plan)
}

async function measureRunning(bench: Bench, plan: Plan): Promise<Report> {
  const operations = await measureOperations(bench, plan, say)
  return { ...describeRun(plan), comparisons: [], operations, targets: judgeOperations(operations) }
}

async function measureAll(bench: Bench, plan: Plan): Promise<Report> {
  say('starting the subjects')
  const comparison = await compare(bench, subjects, floorName, plan, say)
  const machine = describeRun(plan)
  if (!comparison.rows.some((row) => row.name === sessionName)) {
    stop('Postern itself was not measured')
    return { ...machine, comparisons: [comparison], targets: [] }
  }
  const experiments = await experiment(bench, plan)
  const checks = await measureChecks(bench, plan)
  return {
    ...machine,
    comparisons: [comparison, ...checks.comparisons],
    experiments,
    targets: [...judge(comparison, experiments), ...checks.targets],
  }
}

async function measureChecks(bench: Bench, plan: Plan): Promise<Report> {
  say('checks')
  const checks = await compareChecks(bench, plan, say)
  return { ...describeRun(plan), comparisons: [checks], targets: judgeChecks(checks) }
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

function describeRun(plan: Plan) {
  return {
    date: new Date().toISOString(),
    node: process.versions.node,
    cpu: cpus()[0]?.model.trim() ?? 'unknown processor',
    cores: availableParallelism(),
    rounds: plan.rounds,
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
