/** Nanoseconds are what a bare number means to Go. */
const units: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
}

/** A duration as Go writes it, like `168h0m0s`, in milliseconds; undefined when it is none. */
export function goDuration(text: string): number | undefined {
  if (/^\d{1,18}$/.test(text)) return Number(text) * (units['ns'] as number)
  if (!/^(?:\d{1,9}(?:\.\d{1,9})?(?:ns|us|µs|ms|s|m|h))+$/.test(text)) return undefined
  const parts = [...text.matchAll(/([\d.]+)(\D+)/g)]
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * (units[unit as string] as number), 0)
}

/** Milliseconds as Postern writes them, in the largest unit that fits; undefined for less than one. */
export function posternDuration(milliseconds: number): string | undefined {
  const whole = Math.round(milliseconds)
  if (whole < 1) return undefined
  const fits = ([, size]: readonly [string, number]) => whole % size === 0
  const [unit, size] = (
    [
      ['d', 86_400_000],
      ['h', 3_600_000],
      ['m', 60_000],
      ['s', 1_000],
      ['ms', 1],
    ] as const
  ).find(fits) as [string, number]
  return `${whole / size}${unit}`
}
