import { request } from 'node:http'
import { pino } from 'pino'
import t from 'tap'
import { createAdmin, type Readiness } from '../../src/admin/health.ts'

const ready: Readiness = { ready: true, checks: { provider: { ok: true } } }
const notReady: Readiness = {
  ready: false,
  checks: {
    provider: { ok: false, reason: 'not discovered yet' },
    draining: { ok: false },
    keys: { ok: true },
  },
}

t.test('alive is alive, whatever readiness says', async (t) => {
  const admin = createAdmin({ readiness: () => notReady })
  const response = await admin.inject('/healthz')
  t.equal(response.statusCode, 200)
  t.strictSame(response.json(), { status: 'alive' })
  t.equal(response.headers['cache-control'], 'no-store')
})

t.test('ready answers 200 with its checks', async (t) => {
  const admin = createAdmin({ readiness: () => ready })
  const response = await admin.inject('/readyz')
  t.equal(response.statusCode, 200)
  t.strictSame(response.json(), { status: 'ready', checks: ready.checks })
})

t.test('not ready answers 503, says why, and is asked anew each time', async (t) => {
  let now = notReady
  const admin = createAdmin({ readiness: () => now })
  const response = await admin.inject('/readyz')
  t.equal(response.statusCode, 503)
  t.strictSame(response.json(), {
    status: 'not-ready',
    reasons: ['provider: not discovered yet', 'draining'],
    checks: notReady.checks,
  })
  now = ready
  t.equal((await admin.inject('/readyz')).statusCode, 200)
})

t.test('HEAD answers as GET does, without a body', async (t) => {
  const admin = createAdmin({ readiness: () => notReady })
  const [alive, waiting] = [
    await admin.inject({ method: 'HEAD', url: '/healthz' }),
    await admin.inject({ method: 'HEAD', url: '/readyz' }),
  ]
  t.strictSame([alive.statusCode, alive.body, waiting.statusCode, waiting.body], [200, '', 503, ''])
})

t.test('everything else is 404 in JSON', async (t) => {
  const admin = createAdmin({ readiness: () => ready })
  for (const [method, url] of [
    ['GET', '/'],
    ['POST', '/healthz'],
    ['GET', '/metrics/../config'],
    ['GET', '/healthz/x'],
  ] as const) {
    const response = await admin.inject({ method, url })
    t.equal(response.statusCode, 404, `${method} ${url}`)
    t.strictSame(response.json(), { error: 'not_found' })
  }
})

t.test('probes leave no line in the log, listening does', async (t) => {
  const lines: string[] = []
  const admin = createAdmin({
    readiness: () => ready,
    logger: pino({}, { write: (line: string) => void lines.push(line) }),
  })
  t.teardown(() => admin.close())
  const address = await admin.listen({ host: '127.0.0.1', port: 0 })
  const status = await new Promise((resolve) => {
    request(`${address}/healthz`, (response) => resolve(response.resume().statusCode)).end()
  })
  t.equal(status, 200)
  t.match(lines.join(''), 'listening')
  t.notMatch(lines.join(''), 'healthz')
})
