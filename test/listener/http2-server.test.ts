import { once } from 'node:events'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { connect, type ServerHttp2Stream } from 'node:http2'
import { type AddressInfo, createServer } from 'node:net'
import t, { type Test } from 'tap'
import { createHttp2Server } from '../../src/listener/http2-server.ts'
import type { ServerLimits } from '../../src/listener/server-limits.ts'
import { answerOf } from '../support/http2-client.ts'

const limits: ServerLimits = {
  maxHeaderBytes: 49_152,
  headersTimeout: 5_000,
  keepAliveTimeout: 60_000,
  requestTimeout: 'none',
  sendTimeout: 'none',
  maxRequestsPerConnection: 'none',
  maxConnections: 'none',
}

type Handle = (request: IncomingMessage, response: ServerResponse) => void

/** A client of a server that serves each request by `handle`. */
async function setUp(t: Test, handle: Handle) {
  const refuse = () => t.fail('refused')
  const { take } = createHttp2Server({ handle, onContinue: handle, refuse, limits: () => limits })
  const server = createServer(take)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`)
  t.teardown(() => {
    session.destroy()
    server.close()
  })
  return session
}

t.test('an answer may be ended without a head of its own', async (t) => {
  const session = await setUp(t, (_request, response) => response.end('hi'))
  t.match(await answerOf(session.request({ ':path': '/' })), { status: 200, body: 'hi', code: 0 })
})

t.test('an answer that comes too late goes nowhere', async (t) => {
  const handled: ServerResponse[] = []
  const session = await setUp(t, (_request, response) => handled.push(response))
  const stream = session.request({ ':path': '/' })
  const answer = answerOf(stream)
  while (handled[0] === undefined) await new Promise((resolve) => setImmediate(resolve))
  stream.close(8)
  await once(handled[0], 'close')
  t.doesNotThrow(() => handled[0]?.writeHead(200, ['x-a', '1']).end('late'))
  t.match(await answer, { status: 0, body: '' })
})

t.test('what is asked of a body that broke off is not given, and harms nobody', async (t) => {
  const handled: IncomingMessage[] = []
  const session = await setUp(t, (request) => handled.push(request))
  const stream = session.request({ ':path': '/', ':method': 'POST' }, { endStream: false })
  stream.on('error', () => undefined)
  while (handled[0] === undefined) await new Promise((resolve) => setImmediate(resolve))
  const [request] = handled
  request.on('end', () => t.fail('its end'))
  session.destroy()
  await once(request, 'close')
  request.resume()
  await new Promise((resolve) => setImmediate(resolve))
  t.equal(request.read(), null)
})

t.test('an answer that is broken off is reset; there is no second time', async (t) => {
  const session = await setUp(t, (_request, response) => {
    response.write('begun')
    response.destroy()
    response.on('close', () => t.doesNotThrow(() => response.destroy()))
  })
  t.match(await answerOf(session.request({ ':path': '/' })), { code: 2 })
  session.destroy()
})

for (const method of ['GET', 'HEAD', 'POST']) {
  for (const isAnswered of [true, false]) {
    t.test(
      `the end of an answer is told of once: ${method}, ${isAnswered ? '' : 'not '}answered`,
      async (t) => {
        const handled: ServerResponse[] = []
        const session = await setUp(t, (_request, response) => handled.push(response))
        const stream = session.request({ ':path': '/', ':method': method })
        const answer = answerOf(stream)
        while (handled[0] === undefined) await new Promise((resolve) => setImmediate(resolve))
        const [response] = handled
        let closed = 0
        response.on('close', () => (closed += 1))
        t.notOk(response.destroyed)
        const streamClosed = once(streamOf(response), 'close')
        if (isAnswered) response.end()
        else stream.close(8)
        await streamClosed
        t.equal(closed, 1)
        t.ok(response.destroyed)
        t.doesNotThrow(() => response.writeHead(200).end('late'))
        t.match(await answer, { status: isAnswered ? 200 : 0, body: '' })
        t.equal(closed, 1)
      },
    )
  }
}

function streamOf(response: ServerResponse): ServerHttp2Stream {
  return (response as unknown as { stream: ServerHttp2Stream }).stream
}
