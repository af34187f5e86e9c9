/** Hours of ordinary work: whether memory stays where it is, and nothing goes wrong. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { request } from 'undici'
import { type Bench, startBench } from './bench.ts'
import { type Collections, readCollections } from './collections.ts'
import { cpuMicros, residentMemory } from './measure.ts'
import { drawPanels } from './plot.ts'
import { postern, type RunningPostern } from './postern.ts'
import { createErrors, type SoakErrors } from './soak-errors.ts'
import { forbiddenRule, startTraffic, type Traffic } from './soak-traffic.ts'
import { quantile, type Slope, slope } from './statistics.ts'
import { startTokenIssuer } from './token-issuer.ts'

export type SoakOptions = Readonly<{
  minutes: number
  /** How much of one core each serving process is to use, 0 to 1. */
  load: number
  workers: number
  /** Where the figures and the picture go. */
  folder: string
}>

/** One look at it: seconds since the start, MB, requests and errors so far, milliseconds, and the CPU use of all its processes in cores. */
type Sample = Readonly<{
  seconds: number
  rss: number
  rssEach: string
  heap: number
  external: number
  descriptors: number
  requests: number
  signIns: number
  reloads: number
  errors: number
  p50: number
  p99: number
  cores: number
  rate: number
}>

type Findings = Readonly<{ samples: readonly Sample[]; collections: Collections }>

/** Short, so that refreshes are due all the time: a session is refreshed 60 seconds before its token ends. */
const tokenSeconds = 120
const sampleEvery = 5_000
const reloadEvery = 90_000
const reloadWithin = 20_000
/** Each fourth configuration is one that must be refused. */
const brokenTurn = 4
const firstRate = 50
const highestRate = 2_000
const queueingMs = 200

/** Runs the gateway under load for so long, writes down what came of it, and tells whether it was as it should be. */
export async function soak(options: SoakOptions, say: (text: string) => void): Promise<boolean> {
  const startedAt = performance.now()
  const seconds = () => (performance.now() - startedAt) / 1000
  const errors = createErrors(seconds, say)
  const bench = await startBench(tokenSeconds)
  mkdirSync(options.folder, { recursive: true })
  try {
    return report(options, await run(bench, options, errors, seconds, say), errors)
  } finally {
    await bench.close()
  }
}

async function run(
  bench: Bench,
  { minutes, load, workers, folder }: SoakOptions,
  errors: SoakErrors,
  seconds: () => number,
  say: (text: string) => void,
): Promise<Findings> {
  const issuer = await startTokenIssuer()
  const cores = workers === 1 ? [bench.cores.subject] : [bench.cores.subject, bench.cores.rest]
  const gateway = await postern(bench, {
    workers,
    cores,
    tokens: issuer,
    moreRules: [forbiddenRule],
    tracesCollections: true,
  })
  const traffic = await startTraffic(new URL(gateway.url).origin, issuer, firstRate, errors)
  const reloads = startReloads(gateway, errors)
  const samples: Sample[] = []
  const sample = createSampler(gateway, traffic, reloads, errors, seconds)
  const end = minutes * 60
  say(`serving at ${gateway.url} by processes ${gateway.pids.join(' ')}`)
  while (seconds() < end) {
    await pause(sampleEvery)
    writeFileSync(join(folder, 'printed.log'), gateway.printed() + gateway.complaints())
    if (gateway.ended() !== undefined) {
      errors.note(`the gateway ended: ${gateway.ended()}`)
      break
    }
    const latest = await sample()
    samples.push(latest)
    writeFileSync(join(folder, 'soak.csv'), asCsv(samples))
    if (seconds() < warmUpSeconds(end)) traffic.setRate(nextRate(latest, load * workers))
  }
  reloads.end()
  await traffic.stop()
  issuer.close()
  const complaints = gateway.complaints()
  if (complaints !== '') errors.note(`on standard error: ${complaints.slice(0, 500)}`)
  return { samples, collections: readCollections(gateway.printed()) }
}

/** What is not counted: the caches fill, V8 sizes its heap, and the rate is found. */
function warmUpSeconds(all: number): number {
  return Math.min(1_200, all / 3)
}

/**
 * Goes half of the way, as what a request costs changes while code gets warm; and down where requests queue up, since it is
 * then the rest of the machine that is too slow, and not the gateway that has too little to do.
 */
function nextRate({ cores, rate, p50 }: Sample, wanted: number): number {
  if (p50 > queueingMs) return rate * 0.8
  const factor = Math.min(2, Math.max(0.5, wanted / Math.max(cores, 0.001)))
  return Math.min(highestRate, rate * (1 + (factor - 1) / 2))
}

function createSampler(
  gateway: RunningPostern,
  traffic: Traffic,
  reloads: Reloads,
  errors: SoakErrors,
  seconds: () => number,
): () => Promise<Sample> {
  let before = { cpu: cpuMicros(gateway.pids), at: seconds(), requests: traffic.requests() }
  return async () => {
    const metrics = await readMetrics(gateway.admin)
    const now = { cpu: cpuMicros(gateway.pids), at: seconds(), requests: traffic.requests() }
    const passed = now.at - before.at
    const sorted = Float64Array.from(traffic.takeLatencies()).sort()
    const each = gateway.pids.map((pid) => residentMemory([pid]))
    const result = {
      seconds: now.at,
      rss: each.reduce((sum, value) => sum + value, 0),
      rssEach: each.map((value) => value.toFixed(1)).join(' '),
      heap: metrics('nodejs_heap_size_used_bytes') / 1e6,
      external: metrics('nodejs_external_memory_bytes') / 1e6,
      descriptors: gateway.pids.reduce((sum, pid) => sum + readdirSync(`/proc/${pid}/fd`).length, 0),
      requests: now.requests,
      signIns: traffic.signIns(),
      reloads: reloads.count(),
      errors: errors.count(),
      p50: quantile(sorted, 0.5),
      p99: quantile(sorted, 0.99),
      cores: (now.cpu - before.cpu) / 1e6 / passed,
      rate: (now.requests - before.requests) / passed,
    }
    before = now
    return result
  }
}

/** The sum of all series of a metric. */
async function readMetrics(admin: string): Promise<(name: string) => number> {
  const { body } = await request(`${admin}/metrics`)
  const lines = (await body.text()).split('\n')
  return (name) =>
    lines
      .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' '))), 0)
}

type Reloads = Readonly<{ count(): number; end(): void }>

/** Changes the configuration again and again; the proof is a rule that is there afterwards, or still there. */
function startReloads(gateway: RunningPostern, errors: SoakErrors): Reloads {
  const { origin } = new URL(gateway.url)
  let turn = 0
  let current = 0
  const timer = setInterval(() => {
    turn++
    const isBroken = turn % brokenTurn === 0
    if (isBroken) gateway.breakConfiguration()
    else {
      current = turn
      const marker = { path: `/version-${turn}/**`, upstream: 'app', access: 'public' }
      gateway.reconfigure({ moreRules: [forbiddenRule, marker], rules: 10 + (turn % 3) * 100 })
    }
    // The other times it has to find out by itself.
    if (turn % 2 === 0) process.kill(gateway.pid, 'SIGHUP')
    confirm(current, isBroken).catch((error: Error) => errors.note(`a reload: ${error.message}`))
  }, reloadEvery)
  return { count: () => turn, end: () => clearInterval(timer) }

  async function confirm(version: number, isBroken: boolean): Promise<void> {
    const until = performance.now() + reloadWithin
    if (isBroken) await pause(reloadWithin)
    while (!(await isThere(version))) {
      if (performance.now() > until) return errors.note('a configuration was not in force after a reload')
      await pause(500)
    }
  }

  /** Another connection each time reaches another process. */
  async function isThere(version: number): Promise<boolean> {
    const { statusCode, body } = await request(`${origin}/version-${version}/x`, { reset: true })
    await body.dump()
    return statusCode === 200
  }
}

function asCsv(samples: readonly Sample[]): string {
  const [first] = samples
  if (first === undefined) return ''
  const line = (sample: Sample) =>
    Object.values(sample)
      .map((value) => (typeof value === 'number' ? Math.round(value * 1000) / 1000 : value))
      .join(',')
  return `${[Object.keys(first).join(','), ...samples.map(line)].join('\n')}\n`
}

function report(
  { folder, minutes, workers }: SoakOptions,
  { samples, collections }: Findings,
  errors: SoakErrors,
): boolean {
  const from = warmUpSeconds(minutes * 60)
  const counted = samples.filter(({ seconds }) => seconds >= from)
  const rss = slope(meansOfMinutes(counted))
  const heaps = collections.map(({ pid, points }) => {
    const late = points.filter(([at]) => at >= from / 60)
    return { pid, late, slope: slope(late) }
  })
  writeFileSync(join(folder, 'soak.svg'), picture(samples, collections, `Postern, ${workers} serving`))
  const last = samples.at(-1)
  const isFlat = [rss, ...heaps.map((heap) => heap.slope)].every(
    (one) => one.low <= 0 || withinNoise(one, counted),
  )
  const lines = [
    `${minutes} minutes, ${last?.requests} requests, ${last?.signIns} sign-ins, ${last?.reloads} reloads (every fourth refused)`,
    `load: ${mean(counted, 'rate').toFixed(0)} requests/s, ${mean(counted, 'cores').toFixed(3)} cores used by the gateway`,
    `counted from minute ${(from / 60).toFixed(0)} on:`,
    `resident memory: ${mean(counted, 'rss').toFixed(1)} MB, slope of the means of minutes ${showSlope(rss)}`,
    ...heaps.map(
      ({ pid, late, slope: rise }) =>
        `heap of process ${pid} after ${late.length} full collections: ${late.at(-1)?.[1]} MB at last, slope ${showSlope(rise)}`,
    ),
    `descriptors: ${counted[0]?.descriptors} at first, ${last?.descriptors} at last`,
    `p99 of 5 seconds: median ${median(counted, 'p99').toFixed(1)} ms`,
    `memory is ${isFlat ? 'flat' : 'not flat'}; ${errors.count()} errors`,
    ...errors.summary(),
    '',
  ]
  writeFileSync(join(folder, 'soak.txt'), lines.join('\n'))
  writeFileSync(join(folder, 'collections.json'), JSON.stringify(collections))
  process.stdout.write(lines.join('\n'))
  return isFlat && errors.count() === 0
}

/** Less than one hundredth of what there is in an hour. */
function withinNoise({ high }: Slope, samples: readonly Sample[]): boolean {
  return high * 60 < mean(samples, 'rss') / 100
}

function meansOfMinutes(samples: readonly Sample[]): (readonly [number, number])[] {
  const minutes = new Map<number, Sample[]>()
  for (const sample of samples) {
    const minute = Math.floor(sample.seconds / 60)
    minutes.set(minute, [...(minutes.get(minute) ?? []), sample])
  }
  return [...minutes].map(([minute, those]) => [minute + 0.5, mean(those, 'rss')])
}

function showSlope({ value, low, high }: Slope): string {
  const perHour = (each: number) => (each * 60).toFixed(2)
  return `${perHour(value)} MB/h (95 %: ${perHour(low)} to ${perHour(high)})`
}

type NumberField = 'rate' | 'cores' | 'rss' | 'p99'

function mean(samples: readonly Sample[], field: NumberField): number {
  return samples.reduce((sum, sample) => sum + sample[field], 0) / samples.length
}

function median(samples: readonly Sample[], field: NumberField): number {
  return quantile(
    samples.map((sample) => sample[field]).sort((a, b) => a - b),
    0.5,
  )
}

function picture(samples: readonly Sample[], collections: Collections, title: string): string {
  const line = (name: string, colour: string, of: (sample: Sample) => number) => ({
    name,
    colour,
    points: samples.map((sample) => [sample.seconds / 60, of(sample)] as const),
  })
  const marks = samples
    .filter((sample, index) => sample.reloads !== (samples[index - 1]?.reloads ?? 0))
    .map(({ seconds }) => seconds / 60)
  const memory = [
    line('resident', '#1f5fa8', ({ rss }) => rss),
    line('heap', '#9db8d6', ({ heap }) => heap),
    ...collections.map(({ pid, points }) => ({
      name: `heap of ${pid} collected`,
      colour: '#b3541e',
      points,
    })),
  ]
  const latency = [line('p50', '#1f5fa8', ({ p50 }) => p50), line('p99', '#b3541e', ({ p99 }) => p99)]
  const open = [line('open', '#1f5fa8', ({ descriptors }) => descriptors)]
  return drawPanels(
    [
      { title: 'Memory (dashes: reloads)', unit: 'MB', lines: memory, marks },
      { title: 'Latency', unit: 'ms', lines: latency, marks },
      { title: 'File descriptors', unit: 'number', lines: open, marks },
    ],
    title,
  )
}
