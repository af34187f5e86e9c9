import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { type AddressInfo, connect, createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { listenOn } from '../../src/listener/listen-on.ts'

const localhost = { host: 'localhost', port: 0 }

t.test('localhost is two places of one server', async (t) => {
  let other: Server | undefined
  const server = createServer((socket) => socket.end('hi'))
  const { listen, close } = listenOn(server, async (second) => {
    other = second.listen(0, '127.0.0.1')
    await once(other, 'listening')
  })
  t.match(await listen(localhost), /^http:\/\/127\.0\.0\.1:\d+$/)
  for (const each of [server, other as unknown as Server]) {
    const [bytes] = await once(connect((each.address() as AddressInfo).port, '127.0.0.1'), 'data')
    t.equal(String(bytes), 'hi')
  }
  await close()
  t.equal(other?.listening, false)
})

t.test('where there is no IPv6 one place is all there is; one that is taken is told', async (t) => {
  for (const [code, isFatal] of [
    ['EADDRNOTAVAIL', false],
    ['EADDRINUSE', true],
  ] as const) {
    const { listen, close } = listenOn(createServer(), async () => {
      throw Object.assign(new Error(code), { code })
    })
    if (isFatal) await t.rejects(listen(localhost), { code })
    else await t.resolves(listen(localhost))
    await close()
  }
})

t.test('a socket path is told as one, and closing what never listened is no failure', async (t) => {
  // Not in the folder of the test: such paths may have a hundred characters at most.
  const folder = mkdtempSync(join(tmpdir(), 'postern-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const path = join(folder, 's')
  const { listen, close } = listenOn(createServer())
  t.equal(await listen({ path }), `unix:${path}`)
  await close()
  await listenOn(createServer()).close()
})

t.test('an IPv6 address stands in brackets', async (t) => {
  const server = Object.assign(createServer(), {
    listen: () => setImmediate(() => server.emit('listening')),
    address: () => ({ family: 'IPv6', address: '::1', port: 4180 }),
  })
  t.equal(
    await listenOn(server as unknown as Server).listen({ host: '::1', port: 4180 }),
    'http://[::1]:4180',
  )
})
