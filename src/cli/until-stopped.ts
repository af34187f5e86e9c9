const signals = ['SIGTERM', 'SIGINT'] as const

/** Resolves at the first SIGTERM or SIGINT from now on; a second one ends the process at once. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    const stop = () => {
      for (const signal of signals) process.off(signal, stop)
      resolve()
    }
    for (const signal of signals) process.on(signal, stop)
  })
}
