import { once } from 'node:events'
import { constants, createSecureServer, type Http2SecureServer } from 'node:http2'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import {
  block,
  data,
  type Field,
  flags,
  frame,
  frameTypes,
  headerBlock,
  headers,
  indexedLiteral,
  reference,
  reset,
  tableSize,
} from './http2-frames.ts'
import { connectWire, fieldsOf } from './http2-wire.ts'
import { pem } from './recorder.ts'

const get: readonly Field[] = [
  [':method', 'GET'],
  [':scheme', 'https'],
  [':authority', 'localhost'],
  [':path', '/x'],
]

async function start(
  t: Test,
  serve: Parameters<Http2SecureServer['on']>[1],
): Promise<Readonly<{ port: number }>> {
  const server = createSecureServer({ cert: pem('server'), key: pem('server-key') })
  server.on('stream', serve)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return { port: (server.address() as AddressInfo).port }
}

t.test('a client of bytes is understood, and understands', async (t) => {
  const seen: unknown[] = []
  const server = await start(t, (stream, fields, _flags, raw) => {
    seen.push(raw)
    if (fields['x-reset']) {
      stream.close(constants.NGHTTP2_CANCEL)
      return
    }
    stream.additionalHeaders({ ':status': 103, link: '<a>' })
    stream.respond({ ':status': 200, 'x-long': 'q~"\\'.repeat(300), 'set-cookie': ['a=1', 'b=2'] })
    stream.pipe(stream)
  })
  const client = await connectWire(t, server)
  const stream = client.request(get, 'hello')
  const answer = await client.answer(stream)
  t.match(answer, { status: 200, body: 'hello', isWhole: true, interim: [103], reset: undefined })
  t.strictSame(fieldsOf(answer, 'x-long'), ['q~"\\'.repeat(300)])
  t.strictSame(fieldsOf(answer, 'set-cookie'), ['a=1', 'b=2'])
  t.strictSame(seen[0], get.flat())
  t.match(await client.answer(client.request([...get, ['x-reset', 'y']])), {
    reset: 'CANCEL',
    isWhole: false,
  })
  await client.settled()
  t.equal(client.goaway(), undefined)
})

t.test('header blocks may be written in every way', async (t) => {
  const server = await start(t, (stream, fields) => {
    stream.respond({ ':status': 200 })
    stream.end(String(fields['x']))
  })
  const client = await connectWire(t, server)
  const first = client.nextStream()
  client.send(block(first, headerBlock([...get, ['x', 'y'.repeat(700)]]), true, 200))
  t.equal((await client.answer(first)).body, 'y'.repeat(700))
  const second = client.nextStream()
  const known = Buffer.concat([tableSize(4096), headerBlock(get), indexedLiteral(['x', 'z']), reference(62)])
  client.send(frame(frameTypes.headers, flags.endStream | flags.endHeaders, second, known))
  t.equal((await client.answer(second)).body, 'z, z')
})

t.test('what the server refuses is told apart', async (t) => {
  const server = await start(t, (stream) => {
    stream.on('error', () => undefined)
    stream.respond({ ':status': 204 }, { endStream: true })
  })
  const client = await connectWire(t, server)
  const refused = await client.answer(client.request([...get, ['X-Upper', 'x']]))
  t.match(refused, { status: undefined, reset: 'PROTOCOL_ERROR' })
  const stream = client.nextStream()
  client.send(headers(stream, get, false), reset(stream), data(stream, 'late', true))
  await client.settled()
  client.send(frame(frameTypes.data, 0, 0, Buffer.from('x')))
  await client.until(() => client.goaway() !== undefined)
  t.equal(client.goaway(), 'PROTOCOL_ERROR')
  client.destroy()
  await client.closed
  t.equal(client.isOver(), true)
  await t.rejects(
    client.until(() => false),
    /the connection ended/,
  )
})
