import t from 'tap'
import { withOutageLog } from '../../src/tracing/outages.ts'

t.test('an outage is logged once, and its end', async (t) => {
  const lines: unknown[] = []
  const log = (fields: object, message: string) => lines.push({ ...fields, message })
  const results: { code: number; error?: Error }[] = []
  const seen: number[] = []
  let isShut = false
  const exporter = withOutageLog(
    {
      export: (_spans, done) => done(results.shift() as { code: number }),
      shutdown: async () => {
        isShut = true
      },
    },
    { warn: log, info: log } as never,
  )
  const refused = Object.assign(new Error('connect to secret'), { code: 'ECONNREFUSED' })
  const spans = [{}, {}] as never
  for (const result of [
    { code: 0 },
    { code: 1, error: refused },
    { code: 1, error: new Error('timed out') },
    { code: 0 },
    { code: 0 },
    { code: 1, error: new Error('timed out') },
  ]) {
    results.push(result)
    exporter.export(spans, ({ code }) => seen.push(code))
  }
  t.strictSame(lines, [
    { reason: 'ECONNREFUSED', message: 'traces cannot be exported; requests are served all the same' },
    { lost: 4, message: 'traces are exported again' },
    { reason: 'timed out', message: 'traces cannot be exported; requests are served all the same' },
  ])
  t.strictSame(seen, [0, 1, 1, 0, 0, 1])
  await exporter.shutdown()
  t.ok(isShut)
})
