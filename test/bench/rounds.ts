/** Interleaved measuring: every round asks every subject once, each round beginning with another one. */
import type { Bench } from './bench.ts'
import type { LoadResult, Slice } from './request-load.ts'
import type { Running } from './subject.ts'

/** How much is measured. Every slice is bounded in requests and in seconds. */
export type Plan = Readonly<{ rounds: number; transfers: number; warmUp: Slice; slice: Slice }>

/** Many short slices rather than few long ones: what disturbs a shared machine comes and goes within seconds. */
export const fullPlan: Plan = {
  rounds: 21,
  transfers: 11,
  warmUp: { connections: 32, warmUp: 1, requests: 30_000, maxSeconds: 6 },
  slice: { connections: 32, warmUp: 200, requests: 4000, maxSeconds: 1 },
}

export const quickPlan: Plan = {
  rounds: 7,
  transfers: 5,
  warmUp: { connections: 32, warmUp: 1, requests: 8000, maxSeconds: 2 },
  slice: { connections: 32, warmUp: 100, requests: 2500, maxSeconds: 0.6 },
}

/**
 * Warms every subject up and measures them in turns.
 * @returns the results by name, one a round: those at the same index belong together.
 */
export async function measureRounds(
  bench: Bench,
  running: ReadonlyMap<string, Running>,
  plan: Plan,
): Promise<Map<string, LoadResult[]>> {
  for (const [name, subject] of running) {
    await bench.load.prepare(name, subject)
    await bench.load.run(name, subject.pids, plan.warmUp)
  }
  const names = [...running.keys()]
  const results = new Map(names.map((name) => [name, [] as LoadResult[]]))
  for (let round = 0; round < plan.rounds; round++) {
    for (const name of rotated(names, round)) {
      results.get(name)?.push(await bench.load.run(name, running.get(name)?.pids ?? [], plan.slice))
    }
  }
  return results
}

/** The same list, begun `by` places further on. */
export function rotated<T>(list: readonly T[], by: number): T[] {
  const start = by % list.length
  return [...list.slice(start), ...list.slice(0, start)]
}
