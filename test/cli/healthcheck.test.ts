import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { createAdmin } from '../../src/admin/health.ts'
import { runHealthcheck } from '../../src/cli/healthcheck.ts'

const checks = { provider: { ok: false, reason: 'two\nlines' } }

/** The path of a socket has to be short, 107 bytes, which a folder of tap's need not be. */
function socketPath(t: Test): string {
  const folder = mkdtempSync(join(tmpdir(), 'postern-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  return join(folder, 'admin.sock')
}

function portOf(address: string): number {
  return Number(new URL(address).port)
}

t.test('a living gateway is 0 and silent, on every spelling of this machine', async (t) => {
  const admin = createAdmin({ readiness: () => ({ ready: true, checks: {} }) })
  t.teardown(() => admin.close())
  const port = portOf(await admin.listen({ host: '::', port: 0 }))
  const said = t.capture(process.stderr, 'write')
  for (const host of ['127.0.0.1', '0.0.0.0', '::', '[::]', '[::1]']) {
    t.equal(await runHealthcheck({ listen: { host, port }, timeoutMs: 5000 }), 0, host)
    t.equal(await runHealthcheck({ listen: { host, port }, timeoutMs: 5000, ready: true }), 0, host)
  }
  t.equal(said().length, 0)
})

t.test('a unix socket is asked as well', async (t) => {
  const admin = createAdmin({ readiness: () => ({ ready: true, checks: {} }) })
  t.teardown(() => admin.close())
  const path = socketPath(t)
  await admin.listen({ path })
  t.equal(await runHealthcheck({ listen: { path }, timeoutMs: 5000 }), 0)
})

t.test('alive but not ready is 0 without and 1 with --ready, and the line says why', async (t) => {
  const admin = createAdmin({ readiness: () => ({ ready: false, checks }) })
  t.teardown(() => admin.close())
  const listen = { host: '127.0.0.1', port: portOf(await admin.listen({ host: '127.0.0.1', port: 0 })) }
  t.equal(await runHealthcheck({ listen, timeoutMs: 5000 }), 0)
  const said = t.capture(process.stderr, 'write', () => true)
  t.equal(await runHealthcheck({ listen, timeoutMs: 5000, ready: true }), 1)
  const lines = said().map(({ args }) => String(args[0]))
  t.equal(lines.length, 1)
  t.match(lines[0], /^postern healthcheck: \/readyz answered 503 .*not-ready.*provider[^\n]*\n$/)
})

t.test('nobody there, silence and nonsense are 1 with one line', async (t) => {
  const silent = createServer(() => {})
  const rude = createServer((socket) => socket.end('what?\r\n\r\n'))
  const ports = await Promise.all(
    [silent, rude].map(
      (server) =>
        new Promise<number>((resolve) => {
          server.listen(0, '127.0.0.1', () => resolve((server.address() as { port: number }).port))
          t.teardown(() => server.close())
        }),
    ),
  )
  const said = t.capture(process.stderr, 'write', () => true)
  const results = [
    await runHealthcheck({ listen: { path: socketPath(t) }, timeoutMs: 5000 }),
    await runHealthcheck({ listen: { host: '127.0.0.1', port: ports[0] as number }, timeoutMs: 50 }),
    await runHealthcheck({ listen: { host: '127.0.0.1', port: ports[1] as number }, timeoutMs: 5000 }),
  ]
  t.strictSame(results, [1, 1, 1])
  const lines = said().map(({ args }) => String(args[0]))
  t.equal(lines.length, 3)
  t.match(lines[0], /gave no answer: ENOENT\n$/)
  t.match(lines[1], /gave no answer: ABORT_ERR\n$/)
  t.match(lines[2], /gave no answer: HPE_/)
})
