import t, { type Test } from 'tap'
import { startGate, upstreamConfig } from '../support/gate.ts'
import { startRecorder } from '../support/recorder.ts'

const head = 'POST /up HTTP/1.1\r\nHost: public.example\r\n'

t.test('a body that is announced as too long never gets to the upstream', async (t) => {
  const recorder = await startRecorder()
  t.teardown(recorder.close)
  const gate = await startGate(t, upstreamConfig(recorder.origin), {
    maxBodyBytes: 10,
    expectsContinue: true,
  })
  const client = gate.client(`${head}Content-Length: 11\r\n\r\n`)
  t.match(await client.sees('TOO_LARGE'), /^HTTP\/1.1 413 /)
  t.equal(recorder.connections.length, 0)
  t.equal(gate.failures.length, 1)
})

t.test('a body of exactly that length is passed on', async (t) => {
  const recorder = await startRecorder('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  t.teardown(recorder.close)
  const gate = await startGate(t, upstreamConfig(recorder.origin), { maxBodyBytes: 10 })
  for (const body of [
    'Content-Length: 10\r\n\r\n0123456789',
    'Transfer-Encoding: chunked\r\n\r\na\r\n0123456789\r\n0\r\n\r\n',
  ]) {
    t.match(await gate.client(head + body).sees('ok'), /^HTTP\/1.1 200 /)
  }
})

t.test('a chunked body that becomes too long is refused, and the upstream never sees its end', async (t) => {
  const recorder = await startRecorder()
  t.teardown(recorder.close)
  const gate = await startGate(t, upstreamConfig(recorder.origin), { maxBodyBytes: 10 })
  const client = gate.client(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n`)
  const connection = await recorder.connection(0)
  await connection.sees('01234')
  client.send('6\r\n567890\r\n')
  t.match(await client.sees('TOO_LARGE'), /^HTTP\/1.1 413 /)
  await connection.closed
  t.notMatch(connection.bytes(), /567890|\r\n0\r\n\r\n$/)
  // What is sent on meanwhile is forgotten, and the connection can be used again.
  client.send(`5\r\nabcde\r\n0\r\n\r\n${head.replace('/up', '/next')}Content-Length: 0\r\n\r\n`)
  const next = await recorder.connection(1)
  t.match(await next.sees('\r\n\r\n'), /^POST \/next /)
  t.equal(gate.failures.length, 1)
})

t.test('an answer that has begun is cut when the body becomes too long', async (t) => {
  const recorder = await startRecorder()
  t.teardown(recorder.close)
  const gate = await startGate(t, upstreamConfig(recorder.origin), { maxBodyBytes: 10 })
  const client = gate.client(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n01234\r\n`)
  const connection = await recorder.connection(0)
  await connection.sees('01234')
  connection.send('HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nearly')
  await client.sees('early')
  client.send('6\r\n567890\r\n')
  await Promise.all([client.closed, connection.closed])
  t.equal(gate.cuts.length, 1)
  t.equal(gate.failures.length, 0)
})

/** An upstream that answers with so many bytes at once. */
async function startSender(t: Test, size: number) {
  const recorder = await startRecorder((connection) => {
    connection.socket.once('data', () => {
      connection.send(`HTTP/1.1 200 OK\r\nContent-Length: ${size}\r\n\r\n`)
      connection.send(Buffer.alloc(size, 'x'))
    })
  })
  t.teardown(recorder.close)
  return recorder
}

t.test('a client that stops reading loses its connection, and the upstream is free', async (t) => {
  const size = 64 * 1024 * 1024
  const recorder = await startSender(t, size)
  const gate = await startGate(t, upstreamConfig(recorder.origin), { sendTimeoutMs: 100 })
  const client = gate.client('GET /big HTTP/1.1\r\nHost: public.example\r\n\r\n')
  client.socket.pause()
  await (await recorder.connection(0)).closed
  client.socket.resume()
  await client.closed
  t.ok(client.bytes().length < size)
})

t.test('a client that leaves the end of an answer unread loses its connection', async (t) => {
  // More than the two sockets hold, in one piece that is complete before anybody reads.
  const size = 24 * 1024 * 1024
  const recorder = await startRecorder()
  t.teardown(recorder.close)
  const gate = await startGate(t, upstreamConfig(recorder.origin), { sendTimeoutMs: 100 })
  const client = gate.client('GET /big HTTP/1.1\r\nHost: public.example\r\n\r\n')
  client.socket.pause()
  const connection = await recorder.connection(0)
  await connection.sees('\r\n\r\n')
  connection.send(`HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n`)
  connection.send(Buffer.alloc(size, 'x'))
  connection.socket.end()
  await connection.closed
  client.socket.resume()
  await client.closed
  t.ok(client.bytes().length < size)
})

t.test('a client that reads slowly keeps its connection', async (t) => {
  const size = 8 * 1024 * 1024
  const recorder = await startSender(t, size)
  const gate = await startGate(t, upstreamConfig(recorder.origin), { sendTimeoutMs: 60_000 })
  const client = gate.client('GET /big HTTP/1.1\r\nHost: public.example\r\n\r\n')
  await client.sees('\r\n\r\n')
  client.socket.pause()
  await new Promise((resolve) => setImmediate(resolve))
  client.socket.resume()
  while (client.bytes().length < size) await new Promise((resolve) => client.socket.once('data', resolve))
  t.pass('all of it came')
})
