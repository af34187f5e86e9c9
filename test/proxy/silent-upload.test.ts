import t from 'tap'
import { startGate, upstreamConfig } from '../support/gate.ts'
import { startRecorder } from '../support/recorder.ts'

const timeouts = { connect: 5_000, headers: 5_000, body: 60 }
const post = 'POST /up HTTP/1.1\r\nHost: public.example\r\nContent-Length: 400000\r\n\r\n'

t.test('a body that stops coming ends its connection, and the request to the upstream', async (t) => {
  const recorder = await startRecorder()
  t.teardown(recorder.close)
  const gate = await startGate(t, upstreamConfig(recorder.origin, { timeouts }))
  const client = gate.client(`${post}some of it`)
  const connection = await recorder.connection(0)
  await connection.sees('some of it')
  await Promise.all([client.closed, connection.closed])
  t.equal(client.bytes(), '')
})

t.test('a body that the upstream holds back may take as long as it takes', async (t) => {
  const recorder = await startRecorder((connection) => connection.socket.pause())
  t.teardown(recorder.close)
  // Longer than this process, in which everything runs, may be kept from running by the others of a busy machine.
  const gate = await startGate(t, upstreamConfig(recorder.origin, { timeouts: { ...timeouts, body: 400 } }))
  const size = 32 * 1024 * 1024
  const client = gate.client(post.replace('400000', String(size)))
  client.send(Buffer.alloc(size, 'x'))
  const { socket } = await recorder.connection(0)
  // Until nothing moves any more for several times the silence that is allowed.
  for (let seen = -1; seen !== client.socket.bytesWritten; ) {
    seen = client.socket.bytesWritten
    await new Promise((resolve) => setTimeout(resolve, 1_000))
  }
  let received = 0
  socket.on('data', (chunk: Buffer) => {
    received += chunk.length
    if (received > size) socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  })
  socket.resume()
  t.match(await client.sees('ok'), /200 OK/)
})
