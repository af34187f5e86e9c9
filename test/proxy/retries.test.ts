import t from 'tap'
import { startGate, upstreamConfig } from '../support/gate.ts'
import { inTurn, ok, startTimed } from '../support/proxied.ts'
import { startRecorder } from '../support/recorder.ts'

const get = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n'

t.test(
  'a safe request whose kept connection died unanswered is sent again, once, on a new one',
  async (t) => {
    for (const method of ['GET', 'HEAD', 'OPTIONS']) {
      const { recorder, gate } = await startTimed(t, (connection, n) => {
        inTurn(...(n === 0 ? [ok, undefined] : ['HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n']))(
          connection,
          n,
        )
      })
      const client = gate.client(get)
      await client.sees('\r\n\r\nok')
      client.send(`${method} /again HTTP/1.1\r\nHost: a\r\n\r\n`)
      await client.sees(/ok[\s\S]*\r\n\r\n$/)
      t.match(recorder.connections[1]?.bytes(), new RegExp(`^${method} /again `))
      t.equal(recorder.connections.length, 2)
      t.same(gate.failures, [])
    }
  },
)

t.test('a second failure is final', async (t) => {
  const { recorder, gate } = await startTimed(t, (connection, n) => {
    inTurn(...(n === 0 ? [ok, undefined] : [undefined]))(connection, n)
  })
  const client = gate.client(get)
  await client.sees('\r\n\r\nok')
  client.send(get)
  await client.sees('UNREACHABLE')
  t.equal(recorder.connections.length, 2)
})

t.test('a request that may have done something is never sent again', async (t) => {
  for (const request of [
    'POST /again HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n',
    'POST /again HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi',
    'DELETE /again HTTP/1.1\r\nHost: a\r\n\r\n',
    'GET /again HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi',
  ]) {
    const { recorder, gate } = await startTimed(t, inTurn(ok, undefined, ok))
    const client = gate.client(get)
    await client.sees('\r\n\r\nok')
    client.send(request)
    await client.sees('UNREACHABLE')
    t.equal(recorder.connections.length, 1)
  }
})

t.test('a request whose answer had begun is never sent again', async (t) => {
  const { recorder, gate } = await startTimed(t, inTurn(ok, 'HTTP/1.1 20', ok))
  const client = gate.client(get)
  await client.sees('\r\n\r\nok')
  client.send(get)
  const upstream = await recorder.connection(0)
  await upstream.sees(/GET[\s\S]*GET[\s\S]*\r\n\r\n/)
  setImmediate(() => upstream.socket.destroy())
  await client.sees('POSTERN_UPSTREAM')
  t.equal(recorder.connections.length, 1)
})

t.test('what undici refuses to send is an error of ours', async (t) => {
  const recorder = await startRecorder(ok)
  t.teardown(recorder.close)
  const gate = await startGate(t, upstreamConfig(recorder.origin), { path: '/bad path' })
  t.match(await gate.client(get).sees('POSTERN'), /^HTTP\/1\.1 500 [\s\S]*POSTERN_INTERNAL$/)
  t.equal(recorder.connections.length, 0)
})
