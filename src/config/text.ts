import { z } from 'zod'

/** A text that `parse` understands; `message` says what to write when it answers undefined. */
export function parsed<T>(message: string, parse: (text: string) => T | undefined) {
  return z.string(message).transform((text, context) => {
    const value = parse(text)
    if (value !== undefined) return value
    context.issues.push({ code: 'custom', message, input: undefined })
    return z.NEVER
  })
}

/** A text that `isGood` accepts, kept as it is. */
export function checked(message: string, isGood: (text: string) => boolean) {
  return z.string(message).refine(isGood, message)
}

/** A text of one line that is not empty. */
export function line(message: string) {
  return checked(message, (text) => /^\P{Cc}+$/u.test(text))
}

/** Whom a token is for (RFC 7519 section 4.1.3): a name or a URI, compared to the letter. */
export const audience = line('must be an audience, as it stands in the tokens')

/** A list with at least one item and no item twice. */
export function distinct<T extends z.ZodType>(item: T, message: string) {
  return z
    .array(item, message)
    .min(1, 'must have at least one item')
    .superRefine((items, context) => {
      const keys = items.map((value) => JSON.stringify(value))
      for (const [index, key] of keys.entries()) {
        if (keys.indexOf(key) === index) continue
        context.addIssue({
          code: 'custom',
          path: [index],
          message: 'stands in the list twice; keep one of them',
        })
      }
    })
}

/** A dotted path into a claim set, as in `realm_access.roles`. */
export const claimPath = line('must be the name of a claim, dotted for a nested one, like realm_access.roles')

/** A path that begins a request path: plain segments, no trailing slash, nothing a server could fold. */
export function isPlainPath(text: string): boolean {
  return /^(?:\/(?!\.{1,2}(?:\/|$))[\w.~-]+)+$/.test(text)
}

/** A name or a method of RFC 9110 section 5.6.2. */
export function isToken(text: string): boolean {
  return /^[\w!#$%&'*+.^`|~-]+$/.test(text)
}
