import { z } from 'zod'

const text = (meaning: string) => z.string().describe(meaning)

const common = {
  v: z
    .literal(1)
    .describe(
      'Version of this schema. Fields may be added under the same number; none changes its meaning or goes away.',
    ),
  time: z.iso.datetime({ precision: 3 }).describe('When it was over: RFC 3339, UTC, milliseconds.'),
}

/** At most one of the two, as audit.subjects says. */
const subject = {
  sub: text('Who it was: the subject that the provider or the issuer names.').exactOptional(),
  pseudonym: text(
    'The same subject as HMAC-SHA-256 under audit.pseudonym_key, in base64url.',
  ).exactOptional(),
}

const session = text('Which session: the first 128 bits of the SHA-256 of its identifier, in base64url.')

const request = {
  ...common,
  request_id: text('As in the log, on error pages and in X-Request-Id.'),
  trace_id: text(
    'The trace that it is part of: that of the traceparent that came, or of our span.',
  ).exactOptional(),
  client: text('Address of the client.'),
  method: text(
    'The request method; of a check, that of the request it asks about; unknown when nobody told.',
  ),
  host: text('The host that was asked for, at most 255 characters of it.'),
  path: text(
    'The canonical path that was judged, without the query; absent when the target has none.',
  ).exactOptional(),
  status: z.int().describe('Status of the answer; 499 when the client left before there was one.'),
  ...subject,
  session: session.exactOptional(),
}

const judged = {
  ...request,
  credential: z.enum(['session', 'bearer']).describe('What said who the caller is.').exactOptional(),
  rule: text('The route that was judged by, like routes[3]; absent when none matched.').exactOptional(),
  decision: text('What was decided: forward, login, challenge or forbid; answer when it never came to that.'),
  reason: text('Why, as in the log.'),
}

const ofSession = { ...common, ...subject, session }

/** Every kind of audit record; the types, the published JSON Schema and the tests come from here. */
export const recordSchema = z.discriminatedUnion('type', [
  z
    .strictObject({
      ...judged,
      type: z.literal('allowed'),
      rate: z.number().describe('The share of such requests that is recorded: audit.allowed.'),
    })
    .describe('A request that was let pass; recorded by sampling.'),
  z
    .strictObject({ ...judged, type: z.literal('denied') })
    .describe('A request that was refused or sent to sign in.'),
  z.strictObject({ ...judged, type: z.literal('sign-in') }).describe('Somebody signed in.'),
  z
    .strictObject({ ...judged, type: z.literal('sign-in-failed') })
    .describe('A sign-in that did not come to a good end; reason says why.'),
  z.strictObject({ ...judged, type: z.literal('sign-out') }).describe('Somebody ended their session.'),
  z
    .strictObject({
      ...ofSession,
      type: z.literal('refresh'),
      outcome: z
        .enum(['refreshed', 'failed'])
        .describe('failed: the provider gave no answer that decides; the session is kept.'),
      code: text('The code of a failure; never its message.').exactOptional(),
    })
    .describe('New tokens were asked for.'),
  z
    .strictObject({
      ...ofSession,
      type: z.literal('session-ended'),
      reason: z
        .enum(['grant-refused', 'subject-changed'])
        .describe('The provider refused to go on, or answered for somebody else.'),
    })
    .describe('A session is over because its refresh was refused.'),
  z
    .strictObject({ ...ofSession, type: z.literal('replay-suspected') })
    .describe('An older cookie of a session came after a newer one was known: it gets no new tokens.'),
  z
    .strictObject({
      ...common,
      type: z.literal('config-reload'),
      outcome: z.enum(['applied', 'refused']).describe('refused: the old configuration serves on.'),
    })
    .describe('The configuration was read anew.'),
])

/** One audit record. */
export type AuditRecord = z.output<typeof recordSchema>
