import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { openTunnel } from '../../src/proxy/tunnel.ts'
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

const setUp = async (t: Test, graceMs?: number, isStubborn = false) => {
  const client = await socketPair(t, isStubborn)
  const upstream = await socketPair(t, false)
  const close = openTunnel(client.near, upstream.near, graceMs)
  return { client: client.far, upstream: upstream.far, near: client.near, source: upstream.near, close }
}

t.test('a frame that does not end within the grace is cut off', async (t) => {
  const { client, upstream, close } = await setUp(t, 10)
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
  const { client, upstream, near, close } = await setUp(t, 10, true)
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
