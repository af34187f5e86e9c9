import type { Gauge } from './gauge.ts'
import { judgeLoad, type LoadLimits, type OverloadReason } from './load.ts'

/** Whether there is too much to do. */
export type Overload = Readonly<{
  /** As it was when it was last looked at: asked for each request, so that it has to cost nothing. */
  reason: () => OverloadReason | undefined
  /** Looks again; called every second. */
  look: (limits: LoadLimits) => void
  stop: () => void
}>

/** Watches a gauge; `onChange` is told when it becomes too much, and when it is over. */
export function createOverload(
  gauge: Gauge,
  onChange: (reason: OverloadReason | undefined) => void,
): Overload {
  let current: OverloadReason | undefined
  return {
    reason: () => current,
    look: (limits) => {
      const before = current
      current = judgeLoad(gauge.read(), limits, before)
      if (current !== before) onChange(current)
    },
    stop: gauge.stop,
  }
}
