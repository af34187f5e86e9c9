import { z } from 'zod'

const message = 'must be a whole number from 1 to 1000000, or none'

/** How many there may be, at least one, or `none` for any number. */
export const countOrNone = z.union(
  [z.int(message).min(1, message).max(1_000_000, message), z.literal('none', message)],
  message,
)
