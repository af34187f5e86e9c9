/** Runs tasks, so many at a time and the others in turn. */
export type Slots = <Result>(task: () => Promise<Result>) => Promise<Result>

/** Makes `max` slots; a task's own result or failure is what its caller gets. */
export function createSlots(max: number): Slots {
  const waiting: (() => void)[] = []
  let free = max

  return async (task) => {
    if (free > 0) free--
    else await new Promise<void>((resolve) => waiting.push(resolve))
    try {
      return await task()
    } finally {
      // The slot is handed on rather than freed, so that nobody who comes just now can take it.
      const next = waiting.shift()
      if (next === undefined) free++
      else next()
    }
  }
}
