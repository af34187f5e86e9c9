/** Runs one task for all who ask for the same thing at the same time. */
export type SingleFlight<Result> = (key: string, task: () => Promise<Result>) => Promise<Result>

/** Makes a single flight; a task's own result or failure is what everybody gets who came while it was under way. */
export function createSingleFlight<Result>(): SingleFlight<Result> {
  const flights = new Map<string, Promise<Result>>()
  return (key, task) => {
    const known = flights.get(key)
    if (known !== undefined) return known
    const flight = task().finally(() => flights.delete(key))
    flights.set(key, flight)
    return flight
  }
}
