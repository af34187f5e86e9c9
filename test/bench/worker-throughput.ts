/**
 * What four worker processes serve on two cores, against one process on one core.
 *
 * The load generator needs a core too, and there may be but two. So the work is one that is cheap for whoever asks: checks,
 * which go to no upstream. And beside the throughput as it was, the CPU time of the gateway's processes says what it would be
 * with both cores to itself: what they serve in a second of CPU time, times the cores. Two cores share caches and memory, so
 * that the same is measured of a bare server.
 */
import { randomBytes } from 'node:crypto'
import type { Bench } from './bench.ts'
import { startBareLike, startCheck } from './checks.ts'
import type { LoadResult } from './request-load.ts'
import { measureRounds, type Plan } from './rounds.ts'
import { sealSessions } from './sealed-sessions.ts'
import { ratios, type Spread, spread } from './statistics.ts'
import type { Running } from './subject.ts'

export type WorkerResult = Readonly<{
  /** Requests per second of four workers over those of one process, with the generator on the same two cores. */
  measured: Spread
  /** The same per core that the gateway really had, times its cores: two and one. */
  undisturbed: Spread
  /** The latter for a bare Fastify route with Node's cluster: what the machine lets four processes be. */
  bare: Spread
  /** Cores that the gateway and the generator used in the median round. */
  cores: Readonly<{ one: number; four: number; generatorOfOne: number; generatorOfFour: number }>
  requestsPerSecond: Readonly<{ one: Spread; four: Spread }>
}>

/** Few enough for each worker to have opened all of them before it is measured. */
const sessions = 100
const workers = 4

/** Measures both in turns; undefined with one core. */
export async function compareWorkers(bench: Bench, plan: Plan): Promise<WorkerResult | undefined> {
  const { subject, rest } = bench.cores
  if (subject === rest) return undefined
  const one = await startChecked(bench, 1, [subject])
  const four = await startChecked(bench, workers, [subject, rest])
  // Each worker has its own code to warm up.
  const { requests, maxSeconds } = plan.warmUp
  const warmUp = { ...plan.warmUp, requests: requests * workers, maxSeconds: maxSeconds * workers }
  const bareOne = await startBareLike(one, 1, [subject])
  const bareFour = await startBareLike(one, workers, [subject, rest])
  const subjects = { one, four, bareOne, bareFour }
  const results = await measureRounds(bench, new Map(Object.entries(subjects)), { ...plan, warmUp })
  await Promise.all(Object.values(subjects).map((running) => running.close()))
  const slices = (name: keyof typeof subjects) => results.get(name) ?? []
  return {
    ...compared(slices('one'), slices('four')),
    bare: undisturbed(slices('bareOne'), slices('bareFour')),
  }
}

async function startChecked(bench: Bench, count: number, cores: readonly number[]): Promise<Running> {
  const key = randomBytes(32)
  const gateway = await startCheck(bench, {
    preset: 'nginx',
    key: key.toString('base64'),
    workers: count,
    cores,
  })
  return { ...gateway, cookies: await sealSessions(key, String(gateway.cookies[0]), sessions) }
}

function compared(one: readonly LoadResult[], four: readonly LoadResult[]): Omit<WorkerResult, 'bare'> {
  const speed = (slices: readonly LoadResult[]) => slices.map((slice) => slice.requestsPerSecond)
  const cores = (slices: readonly LoadResult[], field: 'cpuMicros' | 'generatorMicros') =>
    spread(slices.map((slice) => (slice[field] * slice.requestsPerSecond) / 1e6)).median
  return {
    measured: spread(ratios(speed(four), speed(one))),
    undisturbed: undisturbed(one, four),
    cores: {
      one: cores(one, 'cpuMicros'),
      four: cores(four, 'cpuMicros'),
      generatorOfOne: cores(one, 'generatorMicros'),
      generatorOfFour: cores(four, 'generatorMicros'),
    },
    requestsPerSecond: { one: spread(speed(one)), four: spread(speed(four)) },
  }
}

function undisturbed(one: readonly LoadResult[], four: readonly LoadResult[]): Spread {
  const perCoreSecond = (slices: readonly LoadResult[]) => slices.map((slice) => 1 / slice.cpuMicros)
  return spread(ratios(perCoreSecond(four), perCoreSecond(one)).map((ratio) => 2 * ratio))
}
