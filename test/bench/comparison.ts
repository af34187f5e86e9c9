/** A table: subjects side by side, divided by one of them. */
import type { Bench } from './bench.ts'
import type { LoadResult } from './request-load.ts'
import { measureRounds, type Plan } from './rounds.ts'
import { ratios, type Spread, spread } from './statistics.ts'
import type { Running, Subject } from './subject.ts'

export type Row = Readonly<{
  name: string
  cpuMicros: Spread
  /** CPU per request over that of the base in the same round. */
  cpuRatio: Spread
  requestsPerSecond: Spread
  /** Requests per second over those of the base in the same round. */
  throughputRatio: Spread
  /** Milliseconds. */
  p50: Spread
  p99: Spread
}>

export type Comparison = Readonly<{
  /** The name of the row that the others are divided by. */
  base: string
  rows: readonly Row[]
  /** What was not measured, and why. */
  missing: readonly { name: string; reason: string }[]
}>

/** Starts what can be started here, measures all of it in turns, and stops it; `base` is what the others are divided by. */
export async function compare(
  bench: Bench,
  subjects: readonly Subject[],
  base: string,
  plan: Plan,
  say: (text: string) => void,
): Promise<Comparison> {
  const running = new Map<string, Running>()
  const missing: { name: string; reason: string }[] = []
  for (const subject of subjects) {
    const reason = subject.missing ?? (await startInto(running, bench, subject))
    if (reason !== undefined) missing.push({ name: subject.name, reason })
    say(`${subject.name}: ${reason ?? 'ready'}`)
  }
  const results = await measureRounds(bench, running, plan)
  await Promise.all([...running.values()].map((subject) => subject.close()))
  const ofBase = results.get(base) ?? []
  return { base, rows: [...results].map(([name, slices]) => row(name, slices, ofBase)), missing }
}

/** One subject that does not start must not take the others' figures away; its reason is shown instead. */
async function startInto(
  running: Map<string, Running>,
  bench: Bench,
  subject: Subject,
): Promise<string | undefined> {
  try {
    running.set(subject.name, await subject.start(bench))
    return undefined
  } catch (error) {
    return (error as Error).message
  }
}

function row(name: string, slices: readonly LoadResult[], base: readonly LoadResult[]): Row {
  const all = (results: readonly LoadResult[], field: keyof LoadResult) =>
    results.map((result) => result[field])
  const againstBase = (field: keyof LoadResult) => spread(ratios(all(slices, field), all(base, field)))
  return {
    name,
    cpuMicros: spread(all(slices, 'cpuMicros')),
    cpuRatio: againstBase('cpuMicros'),
    requestsPerSecond: spread(all(slices, 'requestsPerSecond')),
    throughputRatio: againstBase('requestsPerSecond'),
    p50: spread(all(slices, 'p50')),
    p99: spread(all(slices, 'p99')),
  }
}
