/** What a process is measured by. */
export type Reading = Readonly<{
  /** How late the event loop is on average, in milliseconds. */
  eventLoopDelay: number
  /** The fullest part of the memory: of the heap or of the container, from 0 to 1. */
  memory: number
}>

/** From where on it is too much; `none` for never. */
export type LoadLimits = Readonly<{
  /** Milliseconds. */
  eventLoopDelay: number | 'none'
  /** From 0 to 1. */
  memory: number | 'none'
}>

/** Why there is too much to do. */
export type OverloadReason = 'event-loop-delay' | 'memory'

/** Once it is too much, it is until this part of the limit: what would come back at once, stays away a little longer. */
const relief = 0.9

/** Judges a reading; `before` is what was judged of the one before. */
export function judgeLoad(
  { eventLoopDelay, memory }: Reading,
  limits: LoadLimits,
  before: OverloadReason | undefined,
): OverloadReason | undefined {
  const isOver = (value: number, limit: number | 'none', reason: OverloadReason): boolean =>
    limit !== 'none' && value > limit * (before === reason ? relief : 1)
  if (isOver(eventLoopDelay, limits.eventLoopDelay, 'event-loop-delay')) return 'event-loop-delay'
  return isOver(memory, limits.memory, 'memory') ? 'memory' : undefined
}

/** How much of what there is is used, from 0 to 1; nothing, where it is not known how much there is. */
export function partOf(used: number, limit: number): number {
  return limit > 0 ? used / limit : 0
}
