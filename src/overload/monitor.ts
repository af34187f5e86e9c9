import type { Gauge } from './gauge.ts'
import { judgeLoad, type LoadLimits, type OverloadReason, type Reading } from './load.ts'

/** Whether there is too much to do. */
export type Overload = Readonly<{
  /** As it was when it was last looked at: asked for each request, so that it has to cost nothing. */
  reason: () => OverloadReason | undefined
  /** Looks again; called every second. */
  look: (limits: LoadLimits) => void
  stop: () => void
}>

const nothing: Reading = { eventLoopDelay: 0, memory: 0 }

/**
 * Watches a gauge. It takes two readings that are too high, since a single pause is over when it is noticed. `onChange` is
 * told when it becomes too much, and when it is over.
 */
export function createOverload(
  gauge: Gauge,
  onChange: (reason: OverloadReason | undefined) => void,
): Overload {
  let current: OverloadReason | undefined
  let last = nothing
  return {
    reason: () => current,
    look: (limits) => {
      const before = current
      const reading = gauge.read()
      current = judgeLoad(lesser(last, reading), limits, before)
      last = reading
      if (current !== before) onChange(current)
    },
    stop: gauge.stop,
  }
}

function lesser(one: Reading, other: Reading): Reading {
  return {
    eventLoopDelay: Math.min(one.eventLoopDelay, other.eventLoopDelay),
    memory: Math.min(one.memory, other.memory),
  }
}
