import fc from 'fast-check'

/** Something that is given random input; `property` throws or returns false when it does what it must not. */
export type FuzzTarget = Readonly<{
  name: string
  /** How many cases a short run has: a few seconds. */
  shortRuns: number
  /** Builds what is fuzzed, once for each run. */
  open: () => Promise<Opened> | Opened
}>

// The values of a property are its own business.
type Property = fc.IRawProperty<unknown, boolean>

export type Opened = Readonly<{ property: Property; close?: () => Promise<unknown> }>

export type FuzzResult = Readonly<{
  runs: number
  seed: number
  /** What failed and how to see it again; undefined when nothing did. */
  failure: string | undefined
}>

/** How far to go: so many cases, or as many as fit into so many milliseconds. */
export type Effort = Readonly<{ runs: number; ms?: number | undefined; seed?: number | undefined }>

/** Makes a property whatever its values are. */
export function property<T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => unknown): Property {
  return fc.asyncProperty(arbitrary, async (value) => {
    await holds(value)
  }) as unknown as Property
}

/** The same for what needs no promise; several times faster. */
export function syncProperty<T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => unknown): Property {
  return fc.property(arbitrary, (value) => {
    holds(value)
  }) as unknown as Property
}

/** Runs a target. */
export async function fuzz({ open }: FuzzTarget, { runs, ms, seed }: Effort): Promise<FuzzResult> {
  const { property, close } = await open()
  const details = await fc.check(property, {
    numRuns: runs,
    ...(seed !== undefined && { seed }),
    ...(ms !== undefined && { interruptAfterTimeLimit: ms }),
  })
  await close?.()
  const failure =
    details.failed && details.counterexample !== null ? fc.defaultReportMessage(details) : undefined
  return { runs: details.numRuns, seed: details.seed, failure }
}

/** Throws unless it is so; the message tells what was seen. */
export function must(isSo: boolean, message: () => string): void {
  if (!isSo) throw new Error(message())
}

/** Texts changed a little: pieces lost, doubled, exchanged, put in. */
export function mutated(base: fc.Arbitrary<string>, pieces: readonly string[]): fc.Arbitrary<string> {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.oneof({ weight: 3, arbitrary: fc.nat(3) }, fc.nat(200)),
    insert: fc.oneof(fc.constantFrom('', ...pieces), fc.string({ maxLength: 4, unit: 'binary' })),
    isDoubled: fc.boolean(),
  })
  return fc
    .tuple(base, fc.array(edit, { maxLength: 4 }))
    .map(([text, edits]) => edits.reduce(applyEdit, text))
}

type Edit = Readonly<{ at: number; length: number; insert: string; isDoubled: boolean }>

function applyEdit(text: string, { at, length, insert, isDoubled }: Edit): string {
  const start = Math.floor(at * text.length)
  const piece = text.slice(start, start + length)
  return text.slice(0, start) + insert + (isDoubled ? piece + piece : '') + text.slice(start + length)
}

/** Any bytes, one character a byte: what Node makes of a request. */
export const latin1 = fc.string({
  unit: fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code)),
  maxLength: 60,
})
