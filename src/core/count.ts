/** What is under way, and when nothing is any more. */
export type Count = Readonly<{
  begin: (one: object) => void
  /** Whatever ended it; it may be told more than once. */
  end: (one: object) => void
  /** Resolves as soon as there is none; whoever asks last is told. */
  settled: () => Promise<void>
}>

/** Makes a count of none. */
export function createCount(): Count {
  const underWay = new Set<object>()
  let settle: (() => void) | undefined
  return Object.freeze({
    begin(one: object): void {
      underWay.add(one)
    },
    end(one: object): void {
      underWay.delete(one)
      if (underWay.size === 0) settle?.()
    },
    settled(): Promise<void> {
      return new Promise((resolve) => {
        settle = resolve
        if (underWay.size === 0) resolve()
      })
    },
  })
}
