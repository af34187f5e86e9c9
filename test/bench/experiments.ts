/** What must not cost more when there is more of it: rules, sessions, bytes. And how much memory it takes to do nothing. */
import { randomBytes } from 'node:crypto'
import { setTimeout as pause } from 'node:timers/promises'
import type { Bench } from './bench.ts'
import { forgetPeak, peakMemory, residentMemory } from './measure.ts'
import { postern } from './postern.ts'
import { measureRounds, type Plan, rotated } from './rounds.ts'
import { sealSessions } from './sealed-sessions.ts'
import { ratios, type Spread, spread } from './statistics.ts'
import type { Running } from './subject.ts'
import { startFloor } from './subjects.ts'
import type { TransferResult } from './transfer.ts'

export type StreamResult = Readonly<{
  /** Postern's bytes per second over the floor's, transfer by transfer. */
  throughputRatio: Spread
  megabytesPerSecond: Spread
  /** Postern's CPU time over the floor's. */
  cpuRatio: Spread
  /** The largest resident memory over that before the first transfer, MB. */
  extraMemory: Readonly<{ postern: number; floor: number }>
}>

/** CPU per request with 10,000 rules over that with 10. */
export async function compareRules(bench: Bench, plan: Plan): Promise<Spread> {
  const few = await postern(bench, { rules: 10 })
  const many = await postern(bench, { rules: 10_000 })
  const ratio = await compareCpu(bench, plan, few, many)
  await Promise.all([few.close(), many.close()])
  return ratio
}

/** CPU per request with 10,000 sessions in rotation over that with one, in the same process. */
export async function compareSessions(bench: Bench, plan: Plan): Promise<Spread> {
  const key = randomBytes(32)
  const one = await postern(bench, { key: key.toString('base64') })
  const many = { ...one, cookies: await sealSessions(key, String(one.cookies[0]), 10_000) }
  const ratio = await compareCpu(bench, plan, one, many)
  await one.close()
  return ratio
}

/** 100 MB through Postern and through the floor, in turns. */
export async function compareStreams(
  bench: Bench,
  plan: Plan,
  direction: 'download' | 'upload',
): Promise<StreamResult> {
  const running = {
    postern: await postern(bench, { path: `/service-7/items/${direction}` }),
    floor: await startFloor(bench),
  }
  const targets = {
    postern: running.postern,
    floor: { ...running.floor, url: new URL(`/service-7/items/${direction}`, running.floor.url).href },
  }
  const results = { postern: [] as TransferResult[], floor: [] as TransferResult[] }
  const before = { postern: settle(running.postern), floor: settle(running.floor) }
  for (let round = 0; round < plan.transfers; round++) {
    for (const name of rotated(['postern', 'floor'] as const, round)) {
      results[name].push(await bench.load.transfer(direction, targets[name], running[name].pids))
    }
  }
  const extraMemory = {
    postern: peakMemory(running.postern.pids) - before.postern,
    floor: peakMemory(running.floor.pids) - before.floor,
  }
  await Promise.all([running.postern.close(), running.floor.close()])
  return { ...compareTransfers(results.postern, results.floor), extraMemory }
}

/** Resident memory of a Postern that was started and left alone for half a minute, in MB: V8 gives back what the start took. */
export async function measureIdleMemory(bench: Bench): Promise<number> {
  const idle = await postern(bench, { isSignedIn: false })
  await pause(30_000)
  const memory = residentMemory(idle.pids)
  await idle.close()
  return memory
}

async function compareCpu(bench: Bench, plan: Plan, base: Running, other: Running): Promise<Spread> {
  const results = await measureRounds(
    bench,
    new Map([
      ['base', base],
      ['other', other],
    ]),
    plan,
  )
  const cpu = (name: string) => (results.get(name) ?? []).map((slice) => slice.cpuMicros)
  return spread(ratios(cpu('other'), cpu('base')))
}

function settle(subject: Running): number {
  forgetPeak(subject.pids)
  return residentMemory(subject.pids)
}

function compareTransfers(postern: readonly TransferResult[], floor: readonly TransferResult[]) {
  const speed = (results: readonly TransferResult[]) => results.map((result) => result.megabytesPerSecond)
  const cpu = (results: readonly TransferResult[]) => results.map((result) => result.cpuMillis)
  return {
    throughputRatio: spread(ratios(speed(postern), speed(floor))),
    megabytesPerSecond: spread(speed(postern)),
    cpuRatio: spread(ratios(cpu(postern), cpu(floor))),
  }
}
