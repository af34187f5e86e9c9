import { readdirSync, readFileSync, renameSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { recordSchema } from '../../src/audit/schema.ts'
import { writeConfig } from '../config/support.ts'
import { freePort } from '../support/free-port.ts'
import { samplesIn } from '../support/metrics.ts'
import { runPostern, startPostern } from './postern.ts'

async function serve(t: Test, more: { admin?: string; audit?: string; workers?: number } = {}) {
  const [port, admin] = [await freePort(), await freePort()]
  const file = writeConfig(
    t,
    [
      `server: { listen: "127.0.0.1:${port}", public_url: "http://localhost:${port}", workers: ${more.workers ?? 1} }`,
      `admin: { listen: "127.0.0.1:${admin}"${more.admin ?? ''} }`,
      'bearer: { issuers: [{ issuer: "http://127.0.0.1:9", audience: api }] }',
      'upstreams: { web: { url: "http://127.0.0.1:9" } }',
      'routes: [{ path: /**, upstream: web, access: authenticated }]',
      ...(more.audit === undefined ? [] : [`audit: { file: "${more.audit}" }`]),
    ].join('\n'),
  )
  const postern = startPostern(t, ['serve', '--config', file])
  await postern.says(/Postern serves/)
  return { postern, file, url: `http://localhost:${port}`, admin: `http://127.0.0.1:${admin}` }
}

t.test('a process tells its metrics, and that of the bearer section the provider is asked', async (t) => {
  const { postern, url, admin } = await serve(t)
  t.equal((await fetch(`${url}/x`)).status, 401)
  await postern.says(/discovery failed/)
  const answer = await fetch(`${admin}/metrics`)
  t.match(answer.headers.get('content-type'), /^text\/plain; version=0\.0\.4/)
  const samples = samplesIn(await answer.text())
  t.equal(samples.get('postern_requests_total{rule="routes[0]",status="401"}'), 1)
  t.equal(
    samples.get(
      'postern_provider_requests_total{section="bearer",operation="discovery",outcome="unreachable"}',
    ),
    1,
  )
  const age = Date.now() / 1000 - (samples.get('postern_config_last_reload_success_timestamp_seconds') ?? 0)
  t.ok(age >= 0 && age < 600, 'in epoch seconds')
})

t.test('metrics can be turned off', async (t) => {
  const { admin } = await serve(t, { admin: ', metrics: false' })
  t.equal((await fetch(`${admin}/metrics`)).status, 404)
})

t.test('SIGHUP opens the audit file anew, and what is left is written at the end', async (t) => {
  const audit = join(t.testdir(), 'audit.jsonl')
  const { postern, url } = await serve(t, { audit })
  await fetch(`${url}/before`)
  await postern.says(/"path":"\/before"|GET \/before/)
  while (readFileSync(audit, 'utf8') === '') await delay(1)
  renameSync(audit, `${audit}.1`)
  postern.child.kill('SIGHUP')
  await postern.says(/the audit file was opened anew/)
  await postern.says(/the configuration was changed/)
  await fetch(`${url}/after`)
  postern.child.kill('SIGINT')
  t.strictSame(await postern.ended, { code: 0, signal: null })
  const told = [`${audit}.1`, audit].map((name) =>
    readFileSync(name, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => recordSchema.parse(JSON.parse(line)))
      .flatMap((record) => ('path' in record ? [record.path] : [])),
  )
  t.strictSame(told, [['/before'], ['/after']])
})

t.test(
  'of several processes, the primary one tells the metrics, and all of them write records',
  async (t) => {
    const audit = join(t.testdir(), 'audit.jsonl')
    const { postern, url, admin } = await serve(t, { audit, workers: 2 })
    for (let i = 0; i < 6; i += 1) t.equal((await fetch(`${url}/x`)).status, 401)
    const samples = samplesIn(await (await fetch(`${admin}/metrics`)).text())
    t.equal(samples.get('postern_requests_total{rule="routes[0]",status="401"}'), 6)
    postern.child.kill('SIGINT')
    t.strictSame(await postern.ended, { code: 0, signal: null })
    const lines = readFileSync(audit, 'utf8').trimEnd().split('\n')
    t.equal(lines.length, 6)
    for (const line of lines) t.ok(recordSchema.safeParse(JSON.parse(line)).success)
  },
)

t.test('an audit file that cannot be opened is one line and 1', async (t) => {
  const file = writeConfig(
    t,
    [
      'server: { listen: "127.0.0.1:0", public_url: "http://localhost" }',
      'admin: { listen: "127.0.0.1:0" }',
      'bearer: { issuers: [{ issuer: "http://127.0.0.1:9", audience: api }] }',
      'upstreams: { web: { url: "http://127.0.0.1:9" } }',
      'routes: [{ path: /**, upstream: web, access: authenticated }]',
      'audit: { file: /nowhere/at/all/audit.jsonl }',
    ].join('\n'),
  )
  const { code, stderr } = await runPostern(t, ['serve', '--config', file])
  t.equal(code, 1)
  t.match(stderr, /^postern: ENOENT: no such file or directory, open '\/nowhere\/at\/all\/audit\.jsonl'\n$/)
})

t.test('only serving loads the library of the metrics', async (t) => {
  const commands = new URL('../../src/cli/', import.meta.url)
  const others = readdirSync(commands).filter(
    (name) => name.endsWith('.js') && !['load-worker.js', 'serve.js'].includes(name),
  )
  const script = `
    import { createRequire } from 'node:module'
    for (const name of ${JSON.stringify(others)}) await import(new URL(name, ${JSON.stringify(commands.href)}))
    const loaded = Object.keys(createRequire(${JSON.stringify(commands.href)}).cache)
    console.log(loaded.some((path) => path.includes('/pino/')), loaded.some((path) => path.includes('/prom-client/')))`
  const { stdout } = await runPostern(t, [], { nodeArgs: ['--input-type=module', '--eval', script] })
  t.equal(stdout, 'true false\n')
})
