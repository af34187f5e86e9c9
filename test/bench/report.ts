/** One run's results, and how they are shown. */
import type { Comparison } from './comparison.ts'
import type { StreamResult } from './experiments.ts'
import type { Operations } from './operations.ts'
import type { Spread } from './statistics.ts'
import type { Target } from './targets.ts'
import type { Signature } from './token-issuer.ts'
import type { TokenResult } from './tokens.ts'
import type { WorkerResult } from './worker-throughput.ts'

export type Experiments = Readonly<{
  rules: Spread
  sessions: Spread
  tokens: TokenResult
  download: StreamResult
  upload: StreamResult
  /** MB. */
  idleMemory: number
}>

export type Report = Readonly<{
  date: string
  node: string
  cpu: string
  cores: number
  rounds: number
  comparisons: readonly Comparison[]
  /** Absent when Postern could not be started, or only the checks were asked for. */
  experiments?: Experiments
  operations?: Operations
  targets: readonly Target[]
}>

/** The whole report as Markdown, for the README. */
export function asMarkdown(report: Report): string {
  return [
    `Measured ${report.date.slice(0, 10)}, Node.js ${report.node}, ${report.cpu}, ${report.cores} cores, ` +
      `${report.rounds} interleaved rounds; median (quartiles). Absolute figures swing with the machine: read the ratios.`,
    '',
    ...report.comparisons.flatMap((comparison) => [
      ...markdownTable(comparisonTable(comparison)),
      '',
      ...comparison.missing.map(({ name, reason }) => `Not measured: ${name} (${reason.split('\n')[0]}).\n`),
    ]),
    ...(report.experiments === undefined ? [] : [...markdownTable(experimentTable(report.experiments)), '']),
    ...(report.operations === undefined ? [] : [...markdownTable(operationTable(report.operations)), '']),
    ...(report.targets.length === 0 ? [] : markdownTable(targetTable(report.targets))),
    '',
  ].join('\n')
}

/** The whole report for a terminal. */
export function asText(report: Report): string {
  return [
    '',
    ...report.comparisons.flatMap((comparison) => [
      ...textTable(comparisonTable(comparison)),
      '',
      ...comparison.missing.map(({ name, reason }) => `not measured: ${name}: ${reason.split('\n')[0]}\n`),
    ]),
    ...(report.experiments === undefined ? [] : [...textTable(experimentTable(report.experiments)), '']),
    ...(report.operations === undefined ? [] : [...textTable(operationTable(report.operations)), '']),
    ...(report.targets.length === 0 ? [] : textTable(targetTable(report.targets))),
    '',
  ].join('\n')
}

type Table = readonly (readonly string[])[]

function comparisonTable({ base, rows }: Comparison): Table {
  const head = [
    `× is against: ${base}`,
    'CPU µs/request',
    'CPU ×',
    'requests/s',
    'requests/s ×',
    'p50 ms',
    'p99 ms',
  ]
  return [
    head,
    ...rows.map((row) => [
      row.name,
      row.cpuMicros.median.toFixed(0),
      showSpread(row.cpuRatio),
      row.requestsPerSecond.median.toFixed(0),
      showSpread(row.throughputRatio),
      row.p50.median.toFixed(1),
      row.p99.median.toFixed(1),
    ]),
  ]
}

function experimentTable(experiments: Experiments): Table {
  const stream = ({ throughputRatio, cpuRatio, extraMemory }: StreamResult) =>
    `throughput ${showSpread(throughputRatio)} × floor, CPU ${showSpread(cpuRatio)} × floor, ` +
    `memory +${extraMemory.postern.toFixed(0)} MB (floor +${extraMemory.floor.toFixed(0)} MB)`
  const { tokens } = experiments
  const firstSight = (alg: Signature) =>
    `CPU ${showSpread(tokens.firstSight[alg])} × session, ${tokens.firstSightMicros[alg].toFixed(0)} µs`
  return [
    ['Postern', 'result'],
    ['10,000 rules against 10', `CPU ${showSpread(experiments.rules)} ×`],
    ['10,000 sessions against one', `CPU ${showSpread(experiments.sessions)} ×`],
    ['a JWT seen before against a session', `CPU ${showSpread(tokens.seen)} ×`],
    ['a new ES256 token', firstSight('ES256')],
    ['a new RS256 token', firstSight('RS256')],
    ['key fetches for all of these tokens', String(tokens.fetches)],
    [
      `${tokens.flood.tokens} tokens with unknown keys`,
      `${tokens.flood.fetches} key fetches in ${tokens.flood.seconds.toFixed(1)} s`,
    ],
    ['100 MB download', stream(experiments.download)],
    ['100 MB upload', stream(experiments.upload)],
    ['idle memory', `${experiments.idleMemory.toFixed(0)} MB`],
  ]
}

function operationTable({ explain, reloads, streams, workers }: Operations): Table {
  const { memory } = streams
  const ms = (value: Spread) =>
    `${value.median.toFixed(0)} ms (${value.low.toFixed(0)}–${value.high.toFixed(0)})`
  return [
    ['Running Postern', 'result'],
    ['explain, whole command', `${ms(explain.wall)}; a Node that does nothing takes ${ms(explain.bareNode)}`],
    ['explain, once Node runs code', `${ms(explain.work)}; CPU time of the whole command ${ms(explain.cpu)}`],
    ...(workers === undefined ? [] : workerRows(workers)),
    [
      'reloads at 200 requests/s',
      `${reloads.reloads} reloads, ${reloads.requests} requests, ${reloads.failed} failed; p99 of all ${reloads.p99.toFixed(1)} ms`,
    ],
    [
      'p99 of seconds, ms',
      `with a reload ${showSpread(reloads.around)}, without ${showSpread(reloads.quiet)}; ` +
        `of all such requests ${reloads.pooled.around.toFixed(1)} and ${reloads.pooled.quiet.toFixed(1)}`,
    ],
    [
      'highest median of 100 ms after a reload began',
      `${reloads.highestStep.around.toFixed(1)} ms; where nothing was reloaded ${reloads.highestStep.quiet.toFixed(1)} ms`,
    ],
    [
      `${streams.streams} idle WebSockets`,
      `${memory.before.toFixed(0)} MB before, ${memory.open.toFixed(0)} with them, ${memory.peak.toFixed(0)} at most under load` +
        (streams.streams < streams.wanted
          ? `; no more descriptors: ${streams.wanted} would take ${memory.scaled.toFixed(0)} MB`
          : ''),
    ],
    [
      'requests beside them',
      `p50 ${showSpread(streams.p50)} ×, p99 ${showSpread(streams.p99)} ×, CPU ${showSpread(streams.cpu)} ×`,
    ],
  ]
}

/** What was measured, and why, stands in worker-throughput.ts. */
function workerRows({ measured, undisturbed, bare, cores, requestsPerSecond }: WorkerResult): Table {
  const part = (speed: Spread, own: number, generator: number) =>
    `${speed.median.toFixed(0)} checks/s with ${own.toFixed(2)} cores, the generator ${generator.toFixed(2)}`
  return [
    ['one process, pinned to one core', part(requestsPerSecond.one, cores.one, cores.generatorOfOne)],
    [
      'four workers on both, the generator on one of them',
      part(requestsPerSecond.four, cores.four, cores.generatorOfFour),
    ],
    ['four workers against one process', `${showSpread(measured)} × as it was`],
    [
      'the same, per core the gateway had',
      `${showSpread(undisturbed)} ×: checks per CPU second, times two cores and one; a bare Fastify in Node's cluster ${showSpread(bare)} ×`,
    ],
  ]
}

function targetTable(targets: readonly Target[]): Table {
  const head = ['target', 'limit', 'measured', '']
  return [
    head,
    ...targets.map(({ name, limit, value, isMet }) => [
      name,
      limit,
      value.toFixed(2),
      isMet ? 'met' : 'missed',
    ]),
  ]
}

function showSpread({ median, low, high }: Spread): string {
  return `${median.toFixed(2)} (${low.toFixed(2)}–${high.toFixed(2)})`
}

function markdownTable([head = [], ...rows]: Table): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map((_cell, column) => (column === 0 ? '---' : '--:'))), ...rows.map(line)]
}

function textTable(table: Table): string[] {
  const widths = (table[0] ?? []).map((_cell, column) =>
    Math.max(...table.map((row) => row[column]?.length ?? 0)),
  )
  return table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  )
}
