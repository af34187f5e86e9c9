import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { createAudit } from '../../src/audit/audit.ts'
import { auditJsonSchema } from '../../src/audit/json-schema.ts'
import { recordSchema } from '../../src/audit/schema.ts'
import { blocksOf } from '../docs/markdown.ts'

const document = readFileSync(join('config', 'audit.md'), 'utf8')

const facts = {
  method: 'GET',
  host: 'app.example.com',
  path: '/x',
  status: 200,
  durationMs: 3,
  decision: 'forward',
  reason: 'public',
  requestId: 'r',
  client: '192.0.2.7',
  isAborted: false,
}

/** What an audit stream writes that holds everything back for us. */
function recording(config: Partial<Parameters<typeof createAudit>[0]> = {}, random = () => 0) {
  const lines: string[] = []
  const audit = createAudit(
    { file: 'stdout', subjects: 'plain', allowed: 1, denied: true, ...config },
    {
      logger: {} as never,
      writeLine: (line) => lines.push(line),
      onFailure() {},
      now: () => Date.UTC(2026, 2, 1, 9, 30, 0, 7),
      random,
    },
  )
  const records = () => lines.map((line) => recordSchema.parse(JSON.parse(line)))
  return { ...audit.observer, lines, records }
}

t.test('the published JSON Schema is that of the code (npm run docs writes it)', async (t) => {
  const published = readFileSync(join('config', 'audit.schema.json'), 'utf8')
  t.strictSame(JSON.parse(published), JSON.parse(JSON.stringify(auditJsonSchema())))
  t.notMatch(published, 'additionalProperties')
})

t.test('the document shows a record of the schema, and names every type', async (t) => {
  const [example] = blocksOf(document, 'json')
  t.ok(recordSchema.safeParse(JSON.parse(example?.text ?? '')).success)
  for (const { shape } of recordSchema.options) {
    const [type] = shape.type.values
    t.match(document, `\`${type}\``, `${type}`)
  }
})

t.test(
  'a record has its time in UTC with milliseconds, and is one line whatever a client writes',
  async (t) => {
    const { requestEnded, lines, records } = recording()
    requestEnded?.({ ...facts, host: `a\u0085b\u2028c\u202e${'x'.repeat(300)}`, path: '/\n' })
    t.equal(lines.length, 1)
    t.match(lines[0], /^[ -~]+\n$/)
    const [record] = records()
    t.match(record, { v: 1, time: '2026-03-01T09:30:00.007Z' })
    t.equal(record !== undefined && 'host' in record && record.host.length, 255)
  },
)

t.test('of allowed requests a share is recorded, by chance', async (t) => {
  let chance = 0
  const { requestEnded, records } = recording({ allowed: 0.25 }, () => chance)
  for (chance of [0, 0.249, 0.25, 0.9]) requestEnded?.(facts)
  t.match(records(), [
    { type: 'allowed', rate: 0.25 },
    { type: 'allowed', rate: 0.25 },
  ])
})

t.test('what is worth a record, and of which type', async (t) => {
  const { requestEnded, records } = recording()
  for (const change of [
    { decision: 'answer', status: 200, reason: 'login-begun' },
    { decision: 'answer', status: 499, reason: 'none' },
    { decision: 'login', status: 499 },
    { decision: 'answer', status: 404, reason: 'no-rule' },
    { decision: 'answer', status: 503, reason: 'provider-unreachable' },
    { decision: 'forward', status: 502, reason: 'upstream-unreachable' },
    { decision: 'login', status: 400, event: 'sign-in-failed' as const },
  ])
    requestEnded?.({ ...facts, ...change })
  t.strictSame(
    records().map((record) => [record.type, 'status' in record && record.status]),
    [
      ['denied', 499],
      ['denied', 404],
      ['denied', 503],
      ['allowed', 502],
      ['sign-in-failed', 400],
    ],
  )
})

t.test('refreshes: an error is told by its code alone, and waiting for others is not told', async (t) => {
  const { refreshed, records, lines } = recording()
  const common = { sessionId: 'c2Vzc2lvbg', sub: 'alice' }
  refreshed?.({ ...common, event: 'failed', error: new Error('Bearer secret') })
  refreshed?.({ ...common, event: 'subject-changed' })
  for (const event of ['joined', 'result-reused', 'discarded', 'revocation-failed'] as const)
    refreshed?.({ ...common, event })
  t.match(records(), [
    { type: 'refresh', outcome: 'failed', code: 'POSTERN_INTERNAL' },
    { type: 'session-ended', reason: 'subject-changed' },
  ])
  t.equal(records().length, 2)
  t.notMatch(lines.join(''), /secret|c2Vzc2lvbg/)
})
