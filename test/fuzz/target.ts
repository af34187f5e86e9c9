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

/** `accepted` tells how many cases got past the first refusal: a fuzzer that only ever sees refusals proves nothing. */
export type Opened = Readonly<{
  property: Property
  accepted: () => number
  close?: () => Promise<unknown>
}>

export type FuzzResult = Readonly<{
  runs: number
  reached: number
  seed: number
  /** What failed and how to see it again; undefined when nothing did. */
  failure: string | undefined
}>

/** How far to go: so many cases, or as many as fit into so many milliseconds. */
export type Effort = Readonly<{ runs: number; ms?: number | undefined; seed?: number | undefined }>

/** Makes a property whatever its values are; `holds` resolves to true for a case that was accepted. */
export function property<T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => Promise<boolean>): Opened {
  let accepted = 0
  const check = fc.asyncProperty(arbitrary, async (value) => {
    if (await holds(value)) accepted += 1
  })
  return { property: check as unknown as Property, accepted: () => accepted }
}

/** The same for what needs no promise; several times faster. */
export function syncProperty<T>(arbitrary: fc.Arbitrary<T>, holds: (value: T) => boolean): Opened {
  let accepted = 0
  const check = fc.property(arbitrary, (value) => {
    if (holds(value)) accepted += 1
  })
  return { property: check as unknown as Property, accepted: () => accepted }
}

/** Runs a target. */
export async function fuzz({ open }: FuzzTarget, { runs, ms, seed }: Effort): Promise<FuzzResult> {
  const { property, accepted, close } = await open()
  const details = await fc.check(property, {
    numRuns: runs,
    ...(seed !== undefined && { seed }),
    ...(ms !== undefined && { interruptAfterTimeLimit: ms }),
  })
  await close?.()
  const failure =
    details.failed && details.counterexample !== null ? fc.defaultReportMessage(details) : undefined
  return { runs: details.numRuns, reached: accepted(), seed: details.seed, failure }
}

/** Throws unless it is so; the message tells what was seen. */
export function must(isSo: boolean, message: () => string): void {
  if (!isSo) throw new Error(message())
}

type Edit = Readonly<{ at: number; length: number; insert: string; isDoubled: boolean }>

/** Changes to a text: pieces lost, doubled, exchanged, put in. */
export function edits(pieces: readonly string[]): fc.Arbitrary<Edit[]> {
  const edit = fc.record({
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    length: fc.oneof({ weight: 3, arbitrary: fc.nat(3) }, fc.nat(200)),
    insert: fc.oneof(fc.constantFrom('', ...pieces), fc.string({ maxLength: 4, unit: 'binary' })),
    isDoubled: fc.boolean(),
  })
  return fc.oneof(fc.constant<Edit[]>([]), { weight: 2, arbitrary: fc.array(edit, { maxLength: 4 }) })
}

/** Texts changed a little. */
export function mutated(base: fc.Arbitrary<string>, pieces: readonly string[]): fc.Arbitrary<string> {
  return fc.tuple(base, edits(pieces)).map(([text, list]) => applyEdits(text, list))
}

/** A text after the changes, one after the other. */
export function applyEdits(text: string, list: readonly Edit[]): string {
  return list.reduce(applyEdit, text)
}

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
