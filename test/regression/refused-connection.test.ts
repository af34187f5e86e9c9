import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import t, { type Test } from 'tap'
import { startGateway } from '../support/gateway.ts'
import { startProvider } from '../support/provider.ts'

async function start(t: Test) {
  const gateway = await startGateway(t, {
    provider: await startProvider(t),
    upstream: 'http://127.0.0.1:9',
    routes: ['path: /**, access: public'],
  })
  /** Connects without ever closing, and gives the gateway's end of the connection too. */
  const open = async (bytes: string) => {
    const accepted = once(gateway.app.server, 'connection') as Promise<[Socket]>
    const client = connect({ port: gateway.port, host: '127.0.0.1', allowHalfOpen: true })
    t.teardown(() => client.destroy())
    client.on('error', () => undefined)
    client.write(bytes)
    const [server] = await accepted
    const closed = new Promise<void>((resolve) => server.on('close', () => resolve()))
    return { client, server, closed }
  }
  return { gateway, open }
}

const h2c =
  'POST / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 5\r\n\r\n12345'

t.test('a client that resets a refused upgrade does not end the process', async (t) => {
  const { gateway, open } = await start(t)
  for (let round = 0; round < 5; round += 1) {
    const { client, closed } = await open(h2c)
    if (round % 2 === 0) await once(client, 'data')
    client.resetAndDestroy()
    await closed
  }
  t.match(await gateway.exchange('GET / HTTP/1.1\r\n\r\n'), /^HTTP\/1\.1 400/, 'it still answers')
})

t.test('a client that never closes does not keep a refused connection', async (t) => {
  const { open } = await start(t)
  for (const bytes of ['no request at all\r\n\r\n', h2c]) {
    const { client, server, closed } = await open(bytes)
    await once(client, 'data')
    await closed
    t.ok(server.destroyed)
  }
})
