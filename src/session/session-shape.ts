import { z } from 'zod'
import type { Session } from '../core/session.ts'

const sessionSchema = z.strictObject({
  id: z.string(),
  generation: z.int().nonnegative(),
  sub: z.string(),
  claims: z.record(z.string(), z.unknown()),
  scopes: z.array(z.string()),
  tokens: z.strictObject({
    accessToken: z.string(),
    refreshToken: z.string().exactOptional(),
    idToken: z.string().exactOptional(),
    obtainedAt: z.number(),
    expiresAt: z.number().exactOptional(),
  }),
  createdAt: z.number(),
  lastSeenAt: z.number(),
})

/** The version of the shape; raised when it changes, so that older cookies are no sessions instead of wrong ones. */
const sealedSchema = z.strictObject({ version: z.literal(1), session: sessionSchema })

/** What is sealed for a session. */
export function toSealed(session: Session): z.input<typeof sealedSchema> {
  return { version: 1, session: session as z.input<typeof sessionSchema> }
}

/** The session in an opened seal; undefined when it has another version or shape. */
export function fromSealed(value: unknown): Session | undefined {
  const result = sealedSchema.safeParse(value)
  return result.success ? result.data.session : undefined
}
