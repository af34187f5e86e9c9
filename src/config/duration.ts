import { parsed } from './text.ts'

/** Milliseconds in each unit. */
const units = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 }

/** How a duration's unit is told in the reference. */
export const durationUnit = 'written with the number: ms, s, m, h or d'

/** A duration of at least one millisecond and at most 24 days (what a timer of Node.js can wait), in milliseconds. */
export const shortDuration = parsed(
  'must be a duration with a unit, like 500ms, 30s or 5m; from 1ms to 24d',
  (text) => within(text, 24 * units.d),
)

/** A duration as above, or `none`. */
export const shortDurationOrNone = parsed<number | 'none'>(
  'must be a duration with a unit, like 500ms, 30s or 5m, or none; from 1ms to 24d',
  (text) => (text === 'none' ? text : within(text, 24 * units.d)),
)

/** A duration of at least one millisecond and at most ten years, in milliseconds. */
export const duration = parsed(
  'must be a duration with a unit, like 500ms, 30s, 5m, 12h or 30d; from 1ms to 3650d',
  (text) => within(text, 3650 * units.d),
)

/** A duration as `shortDuration`, or no time at all, in milliseconds. */
export const durationOrZero = parsed(
  'must be a duration with a unit, like 500ms, 5s or 1m, or 0s; up to 24d',
  (text) => (text === '0s' ? 0 : within(text, 24 * units.d)),
)

/** A duration of at least one millisecond and at most ten years, or `none`. */
export const durationOrNone = parsed<number | 'none'>(
  'must be a duration with a unit, like 30m or 1h, or none; from 1ms to 3650d',
  (text) => (text === 'none' ? text : within(text, 3650 * units.d)),
)

function within(text: string, most: number): number | undefined {
  const [, count, unit] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? []
  const milliseconds = Number(count) * units[unit as keyof typeof units]
  return milliseconds >= 1 && milliseconds <= most ? milliseconds : undefined
}

/** A duration of whole seconds, from one second to ten years, in milliseconds. */
export const wholeSeconds = parsed('must be a duration of whole seconds, like 30s, 5m or 12h', (text) => {
  const milliseconds = within(text, 3650 * units.d)
  return milliseconds !== undefined && milliseconds % units.s === 0 ? milliseconds : undefined
})
