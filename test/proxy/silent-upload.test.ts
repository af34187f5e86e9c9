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

t.test('a body that was answered before it ended is waited for no longer than its connection', async (t) => {
  const recorder = await startRecorder()
  t.teardown(recorder.close)
  const longest = { ...timeouts, body: 60_000 }
  const gate = await startGate(t, upstreamConfig(recorder.origin, { timeouts: longest }), {
    maxBodyBytes: 10,
  })
  const waiting = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length
  const before = waiting()
  const client = gate.client(
    'POST /up HTTP/1.1\r\nHost: public.example\r\nTransfer-Encoding: chunked\r\n\r\nb\r\n01234567890\r\n',
  )
  await client.sees('TOO_LARGE')
  t.ok(waiting() > before, 'until then it is waited for')
  client.socket.destroy()
  for (let turns = 0; waiting() > before && turns < 100; turns++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  t.equal(waiting(), before)
})

t.test('a connection of many bodies is listened to for each of them no longer than it takes', async (t) => {
  const recorder = await startRecorder('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
  t.teardown(recorder.close)
  const gate = await startGate(t, upstreamConfig(recorder.origin))
  const warnings: Error[] = []
  const note = (warning: Error) => warnings.push(warning)
  process.on('warning', note)
  t.teardown(() => process.off('warning', note))
  const client = gate.client('')
  for (let count = 1; count <= 12; count++) {
    client.send('POST /up HTTP/1.1\r\nHost: public.example\r\nContent-Length: 1\r\n\r\nx')
    await recorder.connection(0)
    while (client.bytes().split('ok').length <= count) await new Promise((resolve) => setImmediate(resolve))
  }
  await new Promise((resolve) => setImmediate(resolve))
  t.strictSame(warnings, [])
})
