/** Ten thousand WebSockets that say nothing: the memory they take, and whether requests get slower. */
import { readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Bench } from './bench.ts'
import { peakMemory, residentMemory } from './measure.ts'
import { postern } from './postern.ts'
import { end, forkPinned, message } from './processes.ts'
import { measureRounds, type Plan } from './rounds.ts'
import { ratios, type Spread, spread } from './statistics.ts'

export type IdleStreamResult = Readonly<{
  wanted: number
  /** Fewer than wanted where a process may not have so many descriptors; each WebSocket takes two. */
  streams: number
  /** MB: before, with all of them open and left alone, at most ever since the start, and left alone brought to the wanted number. */
  memory: Readonly<{ before: number; open: number; peak: number; scaled: number }>
  /** Milliseconds with them over those without, round by round. */
  p50: Spread
  p99: Spread
  /** CPU per request. */
  cpu: Spread
}>

const wanted = 10_000
/** For the listeners, the pool of connections and the load. */
const otherDescriptors = 200
const settling = 15_000

/** Measures a Postern with them beside one without. */
export async function measureIdleStreams(bench: Bench, plan: Plan): Promise<IdleStreamResult> {
  const streams = Math.min(wanted, Math.floor((descriptorLimit() - otherDescriptors) / 2))
  const busy = await postern(bench, {})
  const plain = await postern(bench, {})
  await bench.load.prepare('busy', busy)
  await bench.load.run('busy', busy.pids, plan.warmUp)
  await pause(settling)
  const before = residentMemory(busy.pids)
  const args = [busy.url, String(busy.cookies[0]), String(streams)]
  const sockets = forkPinned('idle-sockets', args, bench.cores.rest, 'inherit')
  await message(sockets, 'idle-sockets')
  await pause(settling)
  const open = residentMemory(busy.pids)
  const results = await measureRounds(bench, new Map(Object.entries({ plain, busy })), plan)
  const peak = peakMemory(busy.pids)
  if (sockets.exitCode !== null) throw new Error('the WebSockets did not stay open')
  await end(sockets)
  await Promise.all([busy.close(), plain.close()])
  const against = (field: 'p50' | 'p99' | 'cpuMicros') => {
    const [one, other] = ['busy', 'plain'].map((name) =>
      (results.get(name) ?? []).map((slice) => slice[field]),
    )
    return spread(ratios(one ?? [], other ?? []))
  }
  return {
    wanted,
    streams,
    memory: { before, open, peak, scaled: before + ((open - before) * wanted) / streams },
    p50: against('p50'),
    p99: against('p99'),
    cpu: against('cpuMicros'),
  }
}

/** Node raises its own limit as far as it may. */
function descriptorLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'latin1')
  return Number(/^Max open files\s+\d+\s+(\d+)/m.exec(limits)?.[1] ?? 1024)
}
