/** How many requests are under way, and when none is any more. */
export type Count = Readonly<{
  begin: () => void
  end: () => void
  /** Resolves as soon as there is none. */
  settled: () => Promise<void>
}>

/** Makes a count of none. */
export function createCount(): Count {
  let count = 0
  let settle: (() => void) | undefined
  return Object.freeze({
    begin(): void {
      count += 1
    },
    end(): void {
      count -= 1
      if (count === 0) settle?.()
    },
    settled(): Promise<void> {
      return new Promise((resolve) => {
        settle = resolve
        if (count === 0) resolve()
      })
    },
  })
}
