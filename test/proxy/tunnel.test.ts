import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { mock } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openTunnel, type TunnelPatience } from '../../src/proxy/tunnel.ts'
import { fillUp } from '../support/proxied.ts'
import { record } from '../support/recorder.ts'

/** Two connected sockets: the far one, recorded, and the near one. */
const socketPair = async (t: Test, allowHalfOpen: boolean) => {
  const server = createServer({ allowHalfOpen: true })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const accepted = new Promise<Socket>((resolve) => server.once('connection', resolve))
  const { port } = server.address() as AddressInfo
  const socket = connect({ port, host: '127.0.0.1', allowHalfOpen })
  const near = await accepted
  near.on('error', () => undefined)
  t.teardown(() => {
    socket.destroy()
    near.destroy()
    server.close()
  })
  return { far: record(socket), near }
}

const setUp = async (t: Test, patience: TunnelPatience = {}, isStubborn = false) => {
  const client = await socketPair(t, isStubborn)
  const upstream = await socketPair(t, false)
  const close = openTunnel(client.near, upstream.near, patience)
  return { client: client.far, upstream: upstream.far, near: client.near, source: upstream.near, close }
}

t.test('a frame that does not end within the grace is cut off', async (t) => {
  const { client, upstream, close } = await setUp(t, { graceMs: 10 })
  upstream.send('\x81\x0afirst')
  await client.sees('first')
  close('session-ended')
  upstream.send(' las')
  await client.closed
  await upstream.closed
  t.equal(client.bytes().slice(0, 7), '\x81\x0afirst')
  t.notMatch(client.bytes(), /session ended/)
})

t.test('a client that does not close within the grace is cut off', async (t) => {
  const { client, upstream, near, close } = await setUp(t, { graceMs: 10 }, true)
  const gone = new Promise((resolve) => near.once('close', resolve))
  close('session-ended')
  close('session-ended')
  await client.sees('session ended')
  await gone
  await upstream.closed
  t.equal(client.bytes(), '\x88\x0f\x03\xf0session ended')
})

t.test('a gateway that stops says so', async (t) => {
  const { client, close } = await setUp(t)
  close('stopping')
  await client.sees('going away')
  t.equal(client.bytes(), '\x88\x0c\x03\xe9going away')
})

t.test('a slow client slows the upstream down, and gets everything in the end', async (t) => {
  const { client, upstream, source } = await setUp(t)
  const size = 32 * 1024 * 1024
  client.socket.removeAllListeners('data')
  client.socket.pause()
  const written = await fillUp(upstream.socket, size)
  t.ok(written < size, `${written} bytes taken`)
  // On a busy machine, "a while" may be over before all that was taken has come here.
  while (!source.isPaused()) await setImmediate()
  upstream.socket.removeAllListeners('drain')
  upstream.socket.end()
  let received = 0
  client.socket.on('data', (bytes: Buffer) => {
    received += bytes.length
  })
  const ended = new Promise((resolve) => client.socket.once('end', resolve))
  client.socket.resume()
  await ended
  t.ok(received >= written)
})

/** Resolves when a socket is closed, however long ago. */
const untilClosed = async (socket: Duplex): Promise<void> => {
  while (!socket.closed) await setImmediate()
}

/** Makes a client stop reading; more than the sockets hold is on its way to it then, and the upstream is paused. */
const stopReading = async ({ client, upstream, source }: Awaited<ReturnType<typeof setUp>>) => {
  client.socket.pause()
  const chunk = Buffer.alloc(256 * 1024)
  while (!source.isPaused()) {
    if (!upstream.socket.writableNeedDrain) upstream.send(chunk)
    await setImmediate()
  }
}

t.test('a client that stops reading is cut off, and its upstream with it', async (t) => {
  const tunnel = await setUp(t, { sendTimeoutMs: 100 })
  await stopReading(tunnel)
  await untilClosed(tunnel.near)
  await tunnel.upstream.closed
})

t.test('a client that stops reading is cut off though its upstream has died unnoticed', async (t) => {
  const tunnel = await setUp(t, { sendTimeoutMs: 100 })
  await stopReading(tunnel)
  tunnel.upstream.socket.resetAndDestroy()
  await untilClosed(tunnel.near)
  await untilClosed(tunnel.source)
})

t.test('a client that leaves the last bytes of its upstream unread is cut off', async (t) => {
  const { client, upstream, near, source } = await setUp(t, { sendTimeoutMs: 100 })
  client.socket.pause()
  // Fills the two sockets beside the tunnel, until so little stays behind that the tunnel is not held up by it.
  for (let rounds = 0; rounds < 1_000; rounds += 1) {
    if (near.writableLength === 0) {
      near.write(Buffer.alloc(4_096))
      rounds = 0
    }
    await setImmediate()
  }
  t.notOk(source.isPaused())
  upstream.socket.end()
  await untilClosed(near)
  await upstream.closed
})

t.test('a client that reads now and then is kept, and an idle one for ever', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const tunnel = await setUp(t, { sendTimeoutMs: 100 })
  for (let i = 0; i < 2; i += 1) {
    await stopReading(tunnel)
    mock.timers.tick(99)
    tunnel.client.socket.resume()
    while (tunnel.near.writableLength > 0 || tunnel.source.isPaused()) await setImmediate()
  }
  tunnel.upstream.send('\x81\x04idle')
  await tunnel.client.sees('idle')
  while (tunnel.near.writableLength > 0 || tunnel.source.isPaused()) await setImmediate()
  mock.timers.tick(1_000_000)
  t.notOk(tunnel.near.destroyed)
  // Time was counted all along.
  await stopReading(tunnel)
  mock.timers.tick(100)
  await untilClosed(tunnel.near)
})

t.test('a client that has read the end of its upstream has the grace to end, and no more', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const { upstream, near } = await setUp(t, { sendTimeoutMs: 100, graceMs: 1_000 }, true)
  upstream.socket.end()
  while (!near.writableFinished) await setImmediate()
  mock.timers.tick(999)
  t.notOk(near.destroyed)
  mock.timers.tick(1)
  await untilClosed(near)
})

t.test('a client may leave what it gets unread for ever if nothing bounds it', async (t) => {
  mock.timers.enable({ apis: ['setTimeout'] })
  t.teardown(() => mock.timers.reset())
  const tunnel = await setUp(t)
  await stopReading(tunnel)
  mock.timers.tick(1_000_000)
  t.notOk(tunnel.near.destroyed)
})

t.test('closing a tunnel whose client is gone does nothing', async (t) => {
  const { client, upstream, near, close } = await setUp(t)
  const gone = new Promise((resolve) => near.once('close', resolve))
  client.socket.destroy()
  near.destroy()
  await gone
  await upstream.closed
  close('session-ended')
  t.equal(client.bytes(), '')
})
