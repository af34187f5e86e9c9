/** Which requests are under way, and when none is any more. */
export type Count = Readonly<{
  begin: (request: object) => void
  /** Whatever ended it; it may be told more than once. */
  end: (request: object) => void
  /** Resolves as soon as there is none. */
  settled: () => Promise<void>
}>

/** Makes a count of none. */
export function createCount(): Count {
  const underWay = new Set<object>()
  let settle: (() => void) | undefined
  return Object.freeze({
    begin(request: object): void {
      underWay.add(request)
    },
    end(request: object): void {
      underWay.delete(request)
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
