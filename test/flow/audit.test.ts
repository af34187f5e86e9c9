import { readFileSync, renameSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type AuditRecord, recordSchema } from '../../src/audit/schema.ts'
import { createMetrics } from '../../src/metrics/metrics.ts'
import { otherKey } from '../support/gateway.ts'
import { scrape } from '../support/metrics.ts'
import { ask, cookieLine, type SceneOptions, startScene, startSignedIn } from '../support/scene.ts'

type Options = SceneOptions & { section?: string }

/** A scene with an audit file; its records are complete once it is closed. */
async function audited(t: Test, { section = '', ...options }: Options = {}) {
  const file = join(t.testdir(), 'audit.jsonl')
  const scene = await startSignedIn(t, { ...options, audit: `file: ${file}${section}` })
  const records = async (): Promise<AuditRecord[]> => {
    await scene.gateway.app.close()
    return readRecords(file)
  }
  return { ...scene, file, records }
}

/** Every line, which must be a record of the published schema. */
function readRecords(file: string): AuditRecord[] {
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean)
  return lines.map((line) => recordSchema.parse(JSON.parse(line)))
}

function ofType(records: readonly AuditRecord[], type: AuditRecord['type']): AuditRecord[] {
  return records.filter((record) => record.type === type)
}

t.test('who signed in and out, who was refused and what was allowed, in order', async (t) => {
  const scene = await audited(t, {
    section: ', allowed: 1',
    routes: ['path: /**, access: authenticated', 'path: /admin, claims: { groups: [gods] }'],
  })
  const { gateway } = scene
  await ask(gateway, 'GET /x/y?secret=1', [cookieLine(scene), 'User-Agent: test'])
  await ask(gateway, 'GET /admin', [cookieLine(scene)])
  await ask(gateway, 'GET /x')
  await ask(gateway, 'GET /x', ['Accept: text/html'])
  await ask(gateway, 'GET /a/../b')
  await ask(gateway, 'GET /oauth2/callback?code=secret')
  await ask(gateway, 'POST /oauth2/sign_out', [cookieLine(scene), 'Content-Length: 0'])
  const records = await scene.records()
  t.match(
    records.map((record) => record.type).filter((type) => type !== 'allowed'),
    ['sign-in', 'denied', 'denied', 'denied', 'denied', 'sign-in-failed', 'sign-out'],
  )
  const [signIn] = ofType(records, 'sign-in')
  t.match(signIn, {
    v: 1,
    sub: 'alice',
    status: 303,
    reason: 'signed-in',
    path: '/oauth2/callback',
    credential: 'session',
  })
  const { session } = signIn as { session: string }
  t.match(session, /^[\w-]{22}$/)
  t.match(
    ofType(records, 'allowed').find((record) => 'path' in record && record.path === '/x/y'),
    {
      client: '127.0.0.1',
      method: 'GET',
      host: 'localhost',
      status: 200,
      sub: 'alice',
      session,
      credential: 'session',
      rule: 'routes[0]',
      decision: 'forward',
      reason: 'authenticated',
      rate: 1,
    },
  )
  const [forbidden, challenged, sentToLogin, notCanonical] = ofType(records, 'denied')
  t.match(forbidden, {
    decision: 'forbid',
    reason: 'missing-claim',
    rule: 'routes[1]',
    sub: 'alice',
    status: 403,
  })
  t.match(challenged, { decision: 'challenge', reason: 'no-session', status: 401 })
  t.notOk(Object.keys(challenged ?? {}).some((key) => key === 'sub' || key === 'session'))
  t.match(sentToLogin, { decision: 'login', status: 302 })
  t.match(notCanonical, { decision: 'answer', reason: 'target-not-canonical', status: 400 })
  t.notOk('path' in (notCanonical ?? {}))
  t.match(ofType(records, 'sign-in-failed')[0], { reason: 'login-unknown', status: 400 })
  t.match(ofType(records, 'sign-out')[0], { sub: 'alice', session, reason: 'signed-out' })
  const logged = gateway.logs().find(({ path }) => path === '/x/y')?.['request_id']
  t.ok(
    logged !== undefined && records.some((record) => 'request_id' in record && record.request_id === logged),
  )
  t.notMatch(readFileSync(scene.file, 'utf8'), /secret|postern=|(?<![\w-])eyJ|User-Agent/i)
})

t.test('what happens at refreshes, and why a session ended there', async (t) => {
  const scene = await audited(t, { provider: { accessTokenTtl: 300 } })
  const { gateway, provider, browser } = scene
  const first = cookieLine(scene)
  gateway.advance(280)
  await browser.navigate(`${gateway.origin}/x`)
  provider.behaviour.respond = (path) => (path === '/token' ? { status: 503 } : undefined)
  gateway.advance(280)
  await browser.navigate(`${gateway.origin}/x`)
  provider.behaviour.respond = (path) =>
    path === '/token' ? { status: 400, body: { error: 'invalid_grant' } } : undefined
  gateway.advance(120)
  await ask(gateway, 'GET /x', [first])
  await browser.navigate(`${gateway.origin}/x`, { follow: false })
  const records = await scene.records()
  const told = records.filter(({ type }) => !['denied', 'sign-in'].includes(type))
  t.match(told, [
    { type: 'refresh', outcome: 'refreshed', sub: 'alice', session: String },
    { type: 'refresh', outcome: 'failed', code: 'POSTERN_PROVIDER_UNREACHABLE', sub: 'alice' },
    { type: 'replay-suspected', sub: 'alice' },
    { type: 'session-ended', reason: 'grant-refused', sub: 'alice' },
  ])
  t.equal(
    new Set(told.map((record) => 'session' in record && record.session)).size,
    1,
    'one session all along',
  )
})

t.test('by default allowed requests are left out; denied ones can be', async (t) => {
  const scene = await audited(t, { section: ', denied: false' })
  await ask(scene.gateway, 'GET /x', [cookieLine(scene)])
  await ask(scene.gateway, 'GET /x')
  t.strictSame(
    (await scene.records()).map(({ type }) => type),
    ['sign-in'],
  )
})

t.test('pseudonyms are the same for the same person, and say nothing to others', async (t) => {
  const section = `, subjects: pseudonymous, pseudonym_key: "${otherKey}", allowed: 1`
  const scene = await audited(t, { section })
  await ask(scene.gateway, 'GET /x', [cookieLine(scene)])
  const records = await scene.records()
  const names = new Set(records.flatMap((record) => ('pseudonym' in record ? [record.pseudonym] : [])))
  t.equal(names.size, 1)
  t.match([...names][0], /^[\w-]{43}$/)
  t.notMatch(readFileSync(scene.file, 'utf8'), 'alice')
})

t.test('records can go among the lines of the log', async (t) => {
  const scene = await startSignedIn(t, { audit: 'file: stdout' })
  await scene.gateway.logged(/"type":"sign-in"/)
  const records = scene.gateway.logs().filter((line) => 'type' in line && line['v'] === 1)
  t.equal(records.length, 1)
  t.ok(recordSchema.safeParse(records[0]).success)
  t.equal('level' in (records[0] ?? {}), false)
  scene.gateway.app.reopenAudit()
  await scene.gateway.app.close()
})

t.test('the file is for its owner alone, and appended to', async (t) => {
  const scene = await audited(t)
  t.equal(statSync(scene.file).mode & 0o777, 0o600)
  await scene.gateway.restart()
  await ask(scene.gateway, 'GET /x')
  const records = await scene.records()
  t.strictSame(
    records.map(({ type }) => type),
    ['sign-in', 'denied'],
  )
})

t.test('after it was renamed, the file is opened anew by its name', async (t) => {
  const scene = await audited(t)
  while (readRecords(scene.file).length === 0) await setImmediate()
  renameSync(scene.file, `${scene.file}.1`)
  scene.gateway.app.reopenAudit()
  await scene.gateway.logged(/the audit file was opened anew/)
  await ask(scene.gateway, 'GET /x')
  await scene.gateway.app.close()
  const told = [`${scene.file}.1`, scene.file].map((name) => readRecords(name).map(({ type }) => type))
  t.strictSame(told, [['sign-in'], ['denied']])
})

t.test('reloads are told in the records and the metrics', async (t) => {
  const metrics = createMetrics({ now: () => 1_800_000_000 })
  const scene = await audited(t, { metrics })
  const { gateway } = scene
  t.equal((await scrape(gateway)).get('postern_config_last_reload_success_timestamp_seconds'), 1_800_000_000)
  gateway.app.noteReload({ at: new Date(), reason: 'no good' })
  const refused = await scrape(gateway)
  t.equal(refused.get('postern_config_last_reload_successful'), 0)
  t.equal(refused.get('postern_config_reloads_total{outcome="refused"}'), 1)
  const prepared = await gateway.app.prepare(gateway.config)
  prepared.commit()
  gateway.app.noteReload({ at: new Date() })
  t.equal((await scrape(gateway)).get('postern_config_last_reload_successful'), 1)
  await ask(gateway, 'GET /x')
  const records = await scene.records()
  t.match(records.slice(1), [
    { type: 'config-reload', outcome: 'refused' },
    { type: 'config-reload', outcome: 'applied' },
    { type: 'denied' },
  ])
})

t.test('a new configuration may name another file; what is refused keeps the old one', async (t) => {
  const scene = await audited(t)
  const { gateway, file } = scene
  const audit = { subjects: 'plain', pseudonym_key: undefined, allowed: 0, denied: true } as const
  await t.rejects(
    gateway.app.prepare({ ...gateway.config, audit: { ...audit, file: `${file}/none` } }),
    /ENOTDIR/,
  )
  const other = `${file}.other`
  const prepared = await gateway.app.prepare({ ...gateway.config, audit: { ...audit, file: other } })
  await ask(gateway, 'GET /before')
  prepared.commit()
  await ask(gateway, 'GET /after')
  await gateway.app.close()
  t.strictSame(
    [file, other].map((name) => readRecords(name).map((record) => 'path' in record && record.path)),
    [['/oauth2/callback', '/before'], ['/after']],
  )
})

t.test('a gateway whose audit file cannot be opened does not start', async (t) => {
  const file = join(t.testdir(), 'missing', 'audit.jsonl')
  await t.rejects(startScene(t, { audit: `file: ${file}` }), { code: 'ENOENT' })
})

t.test('a full disk keeps nobody out, and is counted', async (t) => {
  const metrics = createMetrics({ now: () => 0 })
  const scene = await startSignedIn(t, { audit: 'file: /dev/full', metrics })
  t.match(await ask(scene.gateway, 'GET /x', [cookieLine(scene)]), /^HTTP\/1\.1 200 /)
  await scene.gateway.logged(/the audit file cannot be written; requests go on without/)
  const samples = await scrape(scene.gateway)
  t.ok((samples.get('postern_audit_failures_total{failure="write-failed"}') ?? 0) > 0)
})

t.test('without an audit section there is nothing to reopen or to write', async (t) => {
  const { gateway } = await startSignedIn(t)
  t.doesNotThrow(() => gateway.app.reopenAudit())
  t.notMatch(gateway.logText(), '"v":1')
})

t.test('several workers write to one file, and open it anew', async (t) => {
  const scene = await audited(t, { workers: 2 })
  const { gateway, file } = scene
  for (let i = 0; i < 4; i += 1) await ask(gateway, 'GET /x')
  while (readRecords(file).length < 5) await setImmediate()
  renameSync(file, `${file}.1`)
  gateway.app.reopenAudit()
  const opened = () => gateway.logs().filter(({ msg }) => msg === 'the audit file was opened anew')
  await gateway.logged({ test: () => opened().length === 3 })
  for (let i = 0; i < 4; i += 1) await ask(gateway, 'GET /y')
  t.equal((await scene.records()).length, 4)
  t.equal(readRecords(`${file}.1`).length, 5)
})
