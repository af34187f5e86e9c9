const signals = ['SIGTERM', 'SIGINT'] as const

/** Which signal asked the process to stop. */
export type StopSignal = (typeof signals)[number]

/** Resolves at the first SIGTERM or SIGINT from now on; a second one ends the process at once. */
export function untilStopped(): Promise<StopSignal> {
  return new Promise((resolve) => {
    const stop = (signal: StopSignal) => {
      for (const each of signals) process.off(each, stop)
      resolve(signal)
    }
    for (const each of signals) process.on(each, stop)
  })
}
