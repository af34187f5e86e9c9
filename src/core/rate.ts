/** How often something may happen: so many times a minute, as many of them at once. */
export type Rate = Readonly<{ perMinute: number }>

/** What becomes of one more: let in, with what is to be kept for the next time; or how many whole seconds to wait. */
export type Admission = Readonly<{ fullAt: number }> | Readonly<{ retryAfter: number }>

/**
 * Judges one more by a bucket that starts full, loses one each time and fills up within a minute. All that has to be kept of
 * it is when it will be full again, in seconds on the clock of `now`; absent, or in the past, means that it is full.
 */
export function admit(fullAt: number | undefined, now: number, { perMinute }: Rate): Admission {
  const interval = 60 / perMinute
  const next = Math.max(fullAt ?? now, now) + interval
  // A clock that was set back must not keep anybody out for longer than an empty bucket would.
  const wait = Math.min(next - now, 60 + interval) - 60
  return wait > Math.min(interval / 2, roundingError) ? { retryAfter: Math.ceil(wait) } : { fullAt: next }
}

/** More than what a sum of so many thirds and sevenths is off by, and far less than what matters. */
const roundingError = 1e-3
