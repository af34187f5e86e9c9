/** Everything that went otherwise than it should during a soak. */
export type SoakErrors = Readonly<{
  note(what: string): void
  count(): number
  /** The kinds, with how often each came and when first, in seconds from the start. */
  summary(): string[]
}>

/** `seconds` gives the time since the start; `say` is told of each kind when it comes first. */
export function createErrors(seconds: () => number, say: (text: string) => void): SoakErrors {
  const kinds = new Map<string, { first: number; times: number }>()
  return {
    note(what) {
      const known = kinds.get(what)
      if (known === undefined) say(`error: ${what}`)
      kinds.set(what, { first: known?.first ?? seconds(), times: (known?.times ?? 0) + 1 })
    },
    count: () => [...kinds.values()].reduce((total, { times }) => total + times, 0),
    summary: () =>
      [...kinds].map(([what, { first, times }]) => `${times} × ${what}, first after ${first.toFixed(0)} s`),
  }
}
