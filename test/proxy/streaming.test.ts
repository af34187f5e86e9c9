import type { Socket } from 'node:net'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { createLiveStreams } from '../../src/proxy/live-streams.ts'
import { fillUp, head, ok, startProxied } from '../support/proxied.ts'

const silent = (): void => undefined

t.test('one slow client does not make the gateway buffer an upstream\u2019s answer', async (t) => {
  const size = 64 * 1024 * 1024
  let isStuck: () => void
  const stuck = new Promise<void>((resolve) => {
    isStuck = resolve
  })
  const { gate } = await startProxied(t, (connection) => {
    connection.socket.on('data', () => {
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      const chunk = Buffer.alloc(256 * 1024)
      let left = size / chunk.length
      let quiet: NodeJS.Timeout
      const fill = (): void => {
        clearTimeout(quiet)
        while (left > 0 && connection.socket.write(chunk)) left -= 1
        quiet = setTimeout(() => isStuck(), 300)
      }
      connection.socket.on('drain', fill)
      fill()
    })
  })
  const client = gate.client()
  client.socket.removeAllListeners('data')
  client.socket.pause()
  client.send(head('GET', '/big'))
  await stuck
  const before = process.memoryUsage().arrayBuffers
  t.ok(before < 48 * 1024 * 1024, `${before} bytes held`)
  let received = 0
  await new Promise<void>((resolve) => {
    client.socket.on('data', (chunk: Buffer) => {
      received += chunk.length
      if (received > size) resolve()
    })
    client.socket.resume()
  })
  t.ok(received > size)
})

t.test('one slow upstream does not make the gateway buffer a client\u2019s body', async (t) => {
  const { recorder, gate } = await startProxied(t, (connection) => {
    connection.socket.once('data', () => connection.socket.pause())
  })
  const size = 64 * 1024 * 1024
  const client = gate.client(head('POST', '/x', `Content-Length: ${size}`))
  let written = await fillUp(client.socket, size)
  t.ok(written < 32 * 1024 * 1024, `${written} bytes taken`)
  const { socket } = await recorder.connection(0)
  socket.removeAllListeners('data')
  let received = 0
  const done = new Promise<void>((resolve) => {
    socket.on('data', (bytes: Buffer) => {
      received += bytes.length
      if (received > size - 1024 * 1024) resolve()
    })
  })
  socket.resume()
  const chunk = Buffer.alloc(256 * 1024)
  const rest = (): void => {
    while (written < size) {
      written += chunk.length
      if (!client.socket.write(chunk)) {
        client.socket.once('drain', rest)
        return
      }
    }
  }
  client.socket.removeAllListeners('drain')
  rest()
  await done
  t.ok(received > 0)
})

t.test('an event stream is passed on event by event, its head first', async (t) => {
  const { recorder, gate } = await startProxied(t, silent)
  const client = gate.client(head('GET', '/events', 'Accept: text/event-stream'))
  const upstream = await recorder.connection(0)
  await upstream.sees('\r\n\r\n')
  upstream.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n')
  await client.sees('\r\n\r\n')
  upstream.send('data: 1\n\n')
  await client.sees('data: 1\n\n')
  upstream.send('data: 2\n\n')
  await client.sees('data: 2\n\n')
  client.socket.destroy()
  await upstream.closed
})

t.test('an answer to an early sender is passed on while the body is still coming', async (t) => {
  const { recorder, gate } = await startProxied(t, silent)
  const client = gate.client(`${head('POST', '/x', 'Content-Length: 100000')}first`)
  const upstream = await recorder.connection(0)
  await upstream.sees('first')
  upstream.send('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno')
  await client.sees('\r\n\r\nno')
  await upstream.closed
  client.send('x'.repeat(100_000 - 5))
  client.send(head('GET', '/next'))
  const next = await recorder.connection(1)
  t.match(await next.sees('\r\n\r\n'), /^GET \/next /)
  next.send(ok)
  await client.sees('\r\n\r\nok')
})

t.test('a client that goes on with a body much too long after the answer is cut off', async (t) => {
  const { recorder, gate } = await startProxied(t, silent)
  const size = 20 * 1024 * 1024
  const client = gate.client(`${head('POST', '/x', `Content-Length: ${size}`)}first`)
  const upstream = await recorder.connection(0)
  await upstream.sees('first')
  upstream.send('HTTP/1.1 413 Too Large\r\nContent-Length: 2\r\n\r\nno')
  await client.sees('\r\n\r\nno')
  client.send(Buffer.alloc(size))
  await client.closed
})

t.test('an event stream ends when its session does', async (t) => {
  const streams = createLiveStreams()
  const { recorder, gate } = await startProxied(t, silent, { live: { streams, sessionId: 's', endsAt: 100 } })
  const client = gate.client(head('GET', '/events', 'Accept: text/event-stream'))
  const upstream = await recorder.connection(0)
  await upstream.sees('\r\n\r\n')
  upstream.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n')
  await client.sees('data: 1\n\n')
  streams.sweep(99)
  upstream.send('data: 2\n\n')
  await client.sees('data: 2\n\n')
  streams.sweep(100)
  await upstream.closed
  await client.sees('0\r\n\r\n')
  t.same([...gate.failures, ...gate.cuts], [])
})

t.test(
  'an event stream whose session ends is closed though its client leaves the last events unread',
  async (t) => {
    const streams = createLiveStreams()
    const sockets: Socket[] = []
    const { recorder, gate } = await startProxied(t, silent, (req) => {
      sockets.push(req.socket)
      return { sendTimeoutMs: 100, live: { streams, sessionId: 's', endsAt: 100 } }
    })
    const client = gate.client(head('GET', '/events', 'Connection: close'))
    client.socket.pause()
    const upstream = await recorder.connection(0)
    await upstream.sees('\r\n\r\n')
    upstream.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n')
    const near = sockets[0] as Socket
    // Sends until a little stays behind: so little that the stream is not held up by it.
    for (let rounds = 0; rounds < 1_000; rounds += 1) {
      if (near.writableLength === 0) {
        const before = near.bytesWritten
        upstream.send(`data: ${'x'.repeat(4_096)}\n\n`)
        while (near.bytesWritten === before) await setImmediate()
        rounds = 0
      }
      await setImmediate()
    }
    t.notOk(near.destroyed)
    streams.end('s')
    while (!near.closed) await setImmediate()
    await upstream.closed
    t.same([...gate.failures, ...gate.cuts], [])
  },
)

t.test('an event stream that ended by itself is no longer listed, and other answers never are', async (t) => {
  const streams = createLiveStreams()
  const events = 'HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: 9\r\n\r\ndata: 1\n\n'
  const { gate } = await startProxied(t, events, { live: { streams, sessionId: 's', endsAt: 100 } })
  const client = gate.client(head('GET', '/events'))
  await client.sees('data: 1\n\n')
  streams.closeAll()
  client.send(head('GET', '/events'))
  await client.sees(/data[\s\S]*data: 1\n\n/)
})
