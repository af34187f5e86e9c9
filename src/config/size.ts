import { parsed } from './text.ts'

/** Bytes in each unit. */
const units = { B: 1, KiB: 1_024, MiB: 1_048_576, GiB: 1_073_741_824 }

/** How a size's unit is told in the reference. */
export const sizeUnit = 'written with the number: B, KiB, MiB or GiB'

/** The room for the head of a request, in bytes. */
export const headSize = parsed('must be a size with a unit, like 32KiB or 64KiB; from 8KiB to 1MiB', (text) =>
  within(text, 8 * units.KiB, units.MiB),
)

/** The longest body that is taken, in bytes, or `none`. */
export const bodySizeOrNone = parsed<number | 'none'>(
  'must be a size with a unit, like 512KiB, 10MiB or 2GiB, or none; up to 1024GiB',
  (text) => (text === 'none' ? text : within(text, 0, 1_024 * units.GiB)),
)

function within(text: string, least: number, most: number): number | undefined {
  const [, count, unit] = /^(\d{1,9})(B|KiB|MiB|GiB)$/.exec(text) ?? []
  const bytes = Number(count) * units[unit as keyof typeof units]
  return bytes >= least && bytes <= most ? bytes : undefined
}
