import { setImmediate as nextTurn } from 'node:timers/promises'
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
  numbers,
  preface,
  reference,
  reset,
  settings,
  tableSize,
  windowUpdate,
} from '../support/http2-frames.ts'
import { connectWire, type Http2Wire } from '../support/http2-wire.ts'
import type { Connection } from '../support/recorder.ts'
import { headsAt, type Scene, type SceneOptions, startScene } from '../support/scene.ts'
import { type Checks, runAttacks } from './attacks.ts'

const routes = ['path: /**, access: authenticated', 'path: /public/**, access: public']
/** Nobody in these tests keeps within them who is not meant to: short, but nothing depends on how short. */
const short = 'timeouts: { headers: 500ms, keep_alive: 500ms, send: 500ms }'
const hi = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'
/** As many frames as a flood has at most; a server that counts them gives up long before. */
const many = 20_000

const checks: Checks = {
  'H2R-01': rapidReset,
  'H2R-02': madeYouReset,
  'H2R-03': endlessHeads,
  'H2R-04': unreadReplies,
  'H2R-05': idleFrames,
  'H2R-06': emptyData,
  'H2R-07': bombs,
  'H2R-08': closedWindows,
  'H2R-09': manyStreams,
  'H2R-10': halfHeads,
  'H2R-11': otherProtocols,
  'H2R-12': deniedUploads,
  'H2R-13': forbiddenFrames,
  'H2R-14': brokenConnections,
  'H2R-15': endlessUploads,
  'H2R-16': countedRequests,
  'H2R-17': abandonedConnections,
}

function start(t: Test, options: SceneOptions = {}): Promise<Scene> {
  return startScene(t, { routes, isTls: true, level: 'fatal', ...options })
}

function fieldsFor({ gateway }: Scene, path = '/public/x', method = 'GET'): Field[] {
  return [
    [':method', method],
    [':scheme', 'https'],
    [':authority', `localhost:${gateway.port}`],
    [':path', path],
  ]
}

/** Somebody else, who comes now, is answered by the gateway itself and by an upstream. */
async function expectService(t: Test, scene: Scene, path = '/public/else'): Promise<void> {
  const wire = await connectWire(t, scene.gateway)
  t.equal((await wire.answer(wire.request(fieldsFor(scene, '/denied')))).status, 401, 'others are told')
  const { status, body } = await wire.answer(wire.request(fieldsFor(scene, path)))
  t.strictSame([status, body], [200, 'hi'], 'others are served')
  wire.destroy()
}

/** The request lines that reached the upstream, but for those of others. */
function reached({ upstream }: Scene): string[] {
  return headsAt(upstream)
    .map(([line = '']) => line)
    .filter((line) => !line.includes('/else'))
}

/** Sends batches until the server has had enough, and tells how many frames that were. */
async function flood(wire: Http2Wire, make: () => Uint8Array, most = many, batch = 100): Promise<number> {
  let sent = 0
  for (; sent < most && !wire.isOver(); sent += batch) {
    wire.send(...Array.from({ length: batch }, make))
    // Whoever does not read does not let everything be written either.
    await Promise.race([wire.flushed(), nextTurn()])
    await nextTurn()
  }
  return sent
}

/** An upstream that takes requests and answers none but those of others. */
function silent({ socket, bytes, send }: Connection): void {
  socket.on('data', () => {
    if (/GET \/public\/else [\s\S]*\r\n\r\n$/.test(bytes())) send(hi)
  })
}

async function rapidReset(t: Test): Promise<void> {
  for (const answer of [hi, silent]) {
    const scene = await start(t, { answer })
    const wire = await connectWire(t, scene.gateway)
    const fields = fieldsFor(scene)
    const sent = await flood(wire, () => {
      const stream = wire.nextStream()
      return Buffer.concat([headers(stream, fields, true), reset(stream)])
    })
    t.ok(sent < many, `over after ${sent}`)
    await expectService(t, scene)
    const { connections } = scene.upstream
    t.ok(connections.length <= 1500, `${connections.length} upstream connections`)
    t.ok(reached(scene).length <= 1500, `${reached(scene).length} upstream requests`)
    const open = connections.filter(({ socket }) => !socket.destroyed && socket.bytesRead > 0)
    t.ok(open.length <= 100, `${open.length} are still at it`)
  }
}

/** By which a client has its own request reset. */
const provocations: Record<string, (stream: number) => Uint8Array> = {
  'a window update of nothing': (stream) => windowUpdate(stream, 0),
  'a window that is too large': (stream) =>
    Buffer.concat([windowUpdate(stream, 2 ** 31 - 1), windowUpdate(stream, 2 ** 31 - 1)]),
  'a dependency on itself': (stream) =>
    frame(frameTypes.priority, 0, stream, Buffer.concat([numbers(stream), Buffer.from([1])])),
  'a PRIORITY of four bytes': (stream) => frame(frameTypes.priority, 0, stream, numbers(0)),
  'more body than was announced': (stream) => data(stream, 'too much', false),
  'less body than was announced': (stream) => data(stream, 'x', true),
  'another head': (stream) => headers(stream, [['x', 'y']], false),
  'pseudo fields in trailers': (stream) => headers(stream, [[':path', '/']], true),
}

async function madeYouReset(t: Test): Promise<void> {
  const scene = await start(t, { answer: silent })
  for (const [name, provoke] of Object.entries(provocations)) {
    const before = scene.upstream.connections.length
    const wire = await connectWire(t, scene.gateway)
    const fields: Field[] = [...fieldsFor(scene, '/public/x', 'POST'), ['content-length', '5']]
    const sent = await flood(
      wire,
      () => {
        const stream = wire.nextStream()
        return Buffer.concat([headers(stream, fields, false), provoke(stream)])
      },
      many,
      20,
    )
    t.ok(sent < many, `${name}: over after ${sent}`)
    await expectService(t, scene)
    const count = scene.upstream.connections.length - before
    t.ok(count <= 250, `${name}: ${count} upstream connections`)
  }
}

async function endlessHeads(t: Test): Promise<void> {
  const scene = await start(t)
  for (const piece of [
    headerBlock([['x', 'y']]),
    Buffer.alloc(0),
    headerBlock([['x', 'y'.repeat(16_000)]]),
  ]) {
    const wire = await connectWire(t, scene.gateway)
    await wire.settled()
    const stream = wire.nextStream()
    wire.send(frame(frameTypes.headers, flags.endStream, stream, headerBlock(fieldsFor(scene))))
    const sent = await flood(wire, () => frame(frameTypes.continuation, 0, stream, piece), many, 10)
    t.ok(sent < many, `over after ${sent} frames of ${piece.length}`)
    await wire.closed
    await expectService(t, scene)
  }
  t.strictSame(reached(scene), [])
}

/** A flood does no harm: the connection ends, or goes on to be served; and nobody else feels it. */
async function expectHarmless(t: Test, scene: Scene, name: string, make: (n: number) => Uint8Array) {
  const wire = await connectWire(t, scene.gateway)
  await wire.answer(wire.request(fieldsFor(scene, '/public/else')))
  const frames = Array.from({ length: 100 }, (_, n) => make(n))
  wire.read(false)
  const sent = await flood(wire, () => Buffer.concat(frames), many / 100, 1)
  await expectService(t, scene)
  wire.read(true)
  if (!wire.isOver()) {
    const { status } = await wire.answer(wire.request(fieldsFor(scene, '/public/else')))
    t.ok(status === 200 || wire.isOver(), `${name}: ${status} after ${sent}`)
  } else t.pass(`${name}: over after ${sent}`)
  wire.destroy()
}

async function unreadReplies(t: Test): Promise<void> {
  const scene = await start(t)
  await expectHarmless(t, scene, 'SETTINGS', (n) => settings({ initialWindowSize: 65_535 + (n % 9) }))
  await expectHarmless(t, scene, 'SETTINGS of nothing', () => settings({}))
  await expectHarmless(t, scene, 'tables of other sizes', (n) =>
    settings({ headerTableSize: (n % 2) * 4096 }),
  )
  await expectHarmless(t, scene, 'PING', () => frame(frameTypes.ping, 0, 0, Buffer.alloc(8)))
  t.strictSame(reached(scene), [])
}

async function idleFrames(t: Test): Promise<void> {
  const scene = await start(t)
  const priority = Buffer.concat([numbers(1), Buffer.from([255])])
  await expectHarmless(t, scene, 'PRIORITY', (n) => frame(frameTypes.priority, 0, 2 * n + 1, priority))
  await expectHarmless(t, scene, 'windows', () => windowUpdate(0, 1))
  await expectHarmless(t, scene, 'windows of a closed stream', () => windowUpdate(1, 1))
  await expectHarmless(t, scene, 'resets of a closed stream', () => reset(1))
  await expectHarmless(t, scene, 'acknowledgements', () => frame(frameTypes.settings, flags.ack, 0))
  await expectHarmless(t, scene, 'pongs', () => frame(frameTypes.ping, flags.ack, 0, Buffer.alloc(8)))
  for (const type of [0x0a, 0x0c, 0x10, 0x42, 0xff]) {
    await expectHarmless(t, scene, `type ${type}`, (n) => frame(type, n % 256, 0, Buffer.alloc(n % 20)))
  }
  t.strictSame(reached(scene), [])
}

async function emptyData(t: Test): Promise<void> {
  const scene = await start(t, { answer: silent })
  const wire = await connectWire(t, scene.gateway)
  const stream = wire.nextStream()
  wire.send(headers(stream, fieldsFor(scene, '/public/x', 'POST'), false))
  const sent = await flood(wire, () => data(stream, '', false))
  t.ok(sent < many, `over after ${sent}`)
  await wire.closed
  await Promise.all(scene.upstream.connections.map(({ closed }) => closed))
  await expectService(t, scene)
}

/** Header blocks that are small on the wire, or that nobody can read. */
function blocksFor(scene: Scene): Record<string, Buffer> {
  const request = headerBlock(fieldsFor(scene))
  const entry = indexedLiteral(['x', 'y'.repeat(4000)])
  const again = (count: number, index: number) => Array.from({ length: count }, () => reference(index))
  return {
    'a large entry 16,000 times': Buffer.concat([request, entry, ...again(16_000, 62)]),
    'a large entry 100 times': Buffer.concat([request, entry, ...again(100, 62)]),
    'a small entry 16,000 times': Buffer.concat([request, ...again(16_000, 17)]),
    'an entry that is not there': Buffer.concat([request, reference(200)]),
    'an entry of number 0': Buffer.concat([request, reference(0)]),
    'a number without an end': Buffer.concat([request, Buffer.from([0xff, ...Array(40).fill(0xff)])]),
    'a name longer than the block': Buffer.concat([request, Buffer.from([0x10, 0x7f, 0xff, 0xff, 0x7f])]),
    'Huffman codes that end wrongly': Buffer.concat([
      request,
      Buffer.from([0x10, 0x84, 0xff, 0xff, 0xff, 0xff]),
    ]),
    'a table larger than agreed': Buffer.concat([tableSize(2 ** 30), request]),
    'a table size behind a field': Buffer.concat([request, tableSize(0)]),
    garbage: Buffer.alloc(500, 0xa5),
  }
}

async function bombs(t: Test): Promise<void> {
  const scene = await start(t)
  for (const [name, bytes] of Object.entries(blocksFor(scene))) {
    const wire = await connectWire(t, scene.gateway)
    const stream = wire.nextStream()
    wire.send(block(stream, bytes, true))
    const { status, reset } = await wire.answer(stream)
    const isRefused = reset !== undefined || wire.isOver() || status === 431 || status === 400
    t.ok(isRefused, `${name}: ${status} ${reset} ${wire.goaway()}`)
    await expectService(t, scene)
    wire.destroy()
  }
  t.strictSame(reached(scene), [])
}

const large = `HTTP/1.1 200 OK\r\nContent-Length: 3000000\r\n\r\n${'x'.repeat(3_000_000)}`

async function closedWindows(t: Test): Promise<void> {
  const openings = {
    'no room at all': settings({ initialWindowSize: 0 }),
    'room for a byte': settings({ initialWindowSize: 1 }),
    'room on streams, none on the connection': settings({ initialWindowSize: 2 ** 31 - 1 }),
  }
  for (const [name, opening] of Object.entries(openings)) {
    const scene = await start(t, { answer: large, server: short })
    const wire = await connectWire(t, scene.gateway, { opening: Buffer.concat([preface, opening]) })
    const streams = ['/public/x', '/public/y', '/own'].map((path) => wire.request(fieldsFor(scene, path)))
    const answers = await Promise.all(streams.map(wire.answer))
    const ends = answers.map(({ isWhole }) => isWhole)
    t.strictSame(ends.slice(0, 2), [false, false], `${name}: the large ones are ended`)
    await wire.closed
    await Promise.all(scene.upstream.connections.slice(0, 2).map(({ closed }) => closed))
  }
  const scene = await start(t, { answer: large, server: short })
  const wire = await connectWire(t, scene.gateway)
  for (let n = 0; n < 20; n += 1) wire.request(fieldsFor(scene))
  wire.read(false)
  await Promise.all(Array.from({ length: 20 }, async (_, n) => (await scene.upstream.connection(n)).closed))
  t.pass('and so they are where the socket itself is not read')
}

async function manyStreams(t: Test): Promise<void> {
  const scene = await start(t, { answer: silent })
  const rude = await connectWire(t, scene.gateway)
  await rude.settled()
  await Promise.all(
    Array.from({ length: 1000 }, () => rude.answer(rude.request(fieldsFor(scene, '/denied')))),
  )
  t.ok(rude.isOver(), 'who knows how many may be has no excuse')
  rude.destroy()
  const wire = await connectWire(t, scene.gateway)
  const streams = Array.from({ length: 1000 }, () => wire.request(fieldsFor(scene)))
  await Promise.all(streams.slice(100).map(wire.answer))
  const refused = streams.filter((stream) => wire.soFar(stream).reset === 'REFUSED_STREAM')
  t.equal(refused.length, 900, 'who does not know yet may ask again')
  await scene.upstream.connection(99)
  await expectService(t, scene)
  t.equal(reached(scene).length, 100)
  wire.send(...streams.slice(0, 100).map((stream) => reset(stream)))
  const after = wire.request(fieldsFor(scene, '/public/else'))
  t.equal((await wire.answer(after)).status, 200, 'there is room again')
}

async function halfHeads(t: Test): Promise<void> {
  const scene = await start(t, { server: short })
  const request = headerBlock(fieldsFor(scene))
  const halves = (stream: number) => [
    frame(frameTypes.headers, flags.endStream, stream, request.subarray(0, 20)),
    frame(frameTypes.headers, flags.endStream, stream, request),
    frame(frameTypes.headers, flags.endStream | flags.endHeaders, stream, request).subarray(0, 30),
    frame(frameTypes.headers, flags.endStream | flags.endHeaders, stream, request).subarray(0, 5),
  ]
  const first = await Promise.all(
    halves(1).map(async (half) => {
      const wire = await connectWire(t, scene.gateway)
      await wire.settled()
      wire.send(half)
      return wire
    }),
  )
  const later = await Promise.all(
    halves(3).map(async (half) => {
      const wire = await connectWire(t, scene.gateway)
      t.equal((await wire.answer(wire.request(fieldsFor(scene, '/public/else')))).status, 200)
      await wire.settled()
      wire.send(half)
      return wire
    }),
  )
  await expectService(t, scene)
  await Promise.all([...first, ...later].map(({ closed }) => closed))
  t.strictSame(reached(scene), [])
}

async function otherProtocols(t: Test): Promise<void> {
  const scene = await start(t, { server: short })
  const plain = Buffer.from(`GET /public/x HTTP/1.1\r\nHost: localhost:${scene.gateway.port}\r\n\r\n`)
  const wires = await Promise.all(
    [
      Buffer.alloc(0),
      preface.subarray(0, 10),
      preface,
      plain,
      Buffer.concat([preface, plain]),
      Buffer.concat([preface, headers(1, fieldsFor(scene), true)]),
      Buffer.from('\x16\x03\x01\x00\xa5\x01\x00\x00\xa1\x03\x03', 'latin1'),
      Buffer.alloc(5000, 0xff),
    ].map((opening) => connectWire(t, scene.gateway, { opening })),
  )
  await expectService(t, scene)
  await Promise.all(wires.map(({ closed }) => closed))
  t.strictSame(reached(scene), [])
}

async function deniedUploads(t: Test): Promise<void> {
  const scene = await start(t, { server: short })
  for (const more of [[], [['content-length', '1000000000']]] as Field[][]) {
    const wire = await connectWire(t, scene.gateway)
    const stream = wire.nextStream()
    wire.send(headers(stream, [...fieldsFor(scene, '/denied', 'POST'), ...more], false))
    const { status } = await wire.answer(stream)
    t.equal(status, 401, 'at once, before any body')
    const piece = 'x'.repeat(16_384)
    let sent = 0
    for (; !wire.isOver() && sent < 60_000; sent += 1) {
      wire.send(data(stream, piece, false))
      await wire.flushed()
      if (sent % 10 === 0) await nextTurn()
    }
    t.ok(sent < 60_000, `${sent * piece.length} bytes of a gigabyte`)
    await wire.closed
  }
  t.strictSame(reached(scene), [])
  await expectService(t, scene)
}

const setting = (id: number, value: number) => {
  const entry = Buffer.alloc(6)
  entry.writeUInt16BE(id, 0)
  entry.writeUInt32BE(value, 2)
  return frame(frameTypes.settings, 0, 0, entry)
}

/** What RFC 9113 has errors for; stream 3 is an upload that goes on. */
function violations(request: Buffer): Record<string, Uint8Array> {
  const { data: dataType, headers: head, priority, rstStream, pushPromise, ping, goaway } = frameTypes
  const whole = flags.endHeaders | flags.endStream
  return {
    'DATA on stream 0': frame(dataType, 0, 0, Buffer.from('x')),
    'DATA on an idle stream': data(99, 'x', true),
    'DATA with more padding than frame': frame(dataType, flags.padded, 3, Buffer.from([200, 1])),
    'HEADERS on stream 0': frame(head, whole, 0, request),
    'HEADERS on an even stream': frame(head, whole, 4, request),
    'HEADERS with more padding than frame': frame(head, whole | flags.padded, 5, Buffer.from([200, 1])),
    'HEADERS too short for their priority': frame(head, whole | flags.priority, 5, Buffer.from([0])),
    'CONTINUATION without HEADERS': frame(frameTypes.continuation, flags.endHeaders, 5, request),
    'CONTINUATION of another stream': Buffer.concat([
      frame(head, flags.endStream, 5, request),
      frame(frameTypes.continuation, flags.endHeaders, 7, Buffer.alloc(0)),
    ]),
    'DATA in a header block': Buffer.concat([frame(head, 0, 5, request), data(3, 'x', false)]),
    'PING in a header block': Buffer.concat([frame(head, 0, 5, request), frame(ping, 0, 0, Buffer.alloc(8))]),
    'an unknown frame in a header block': Buffer.concat([frame(head, 0, 5, request), frame(0x42, 0, 0)]),
    'PRIORITY on stream 0': frame(priority, 0, 0, Buffer.alloc(5)),
    'RST_STREAM on stream 0': reset(0),
    'RST_STREAM on an idle stream': reset(99),
    'RST_STREAM of three bytes': frame(rstStream, 0, 3, Buffer.alloc(3)),
    'SETTINGS on a stream': frame(frameTypes.settings, 0, 3),
    'SETTINGS of five bytes': frame(frameTypes.settings, 0, 0, Buffer.alloc(5)),
    'an acknowledgement with settings': frame(frameTypes.settings, flags.ack, 0, Buffer.alloc(6)),
    'a push that is neither on nor off': setting(2, 2),
    'a window that is too large': setting(4, 2 ** 31),
    'frames that are too small': setting(5, 100),
    'frames that are too large': setting(5, 2 ** 24),
    'PUSH_PROMISE of a client': frame(pushPromise, flags.endHeaders, 3, Buffer.concat([numbers(2), request])),
    'PING on a stream': frame(ping, 0, 3, Buffer.alloc(8)),
    'PING of seven bytes': frame(ping, 0, 0, Buffer.alloc(7)),
    'GOAWAY on a stream': frame(goaway, 0, 3, Buffer.alloc(8)),
    'WINDOW_UPDATE of nothing': windowUpdate(0, 0),
    'WINDOW_UPDATE on an idle stream': windowUpdate(99, 1),
    'WINDOW_UPDATE of three bytes': frame(frameTypes.windowUpdate, 0, 0, Buffer.alloc(3)),
    'windows that are too large': Buffer.concat([windowUpdate(0, 2 ** 31 - 1), windowUpdate(0, 2 ** 31 - 1)]),
    'a frame that is too large': frame(0x42, 0, 0, Buffer.alloc(16_385)),
    'DATA that is too large': frame(dataType, 0, 3, Buffer.alloc(16_385)),
  }
}

async function forbiddenFrames(t: Test): Promise<void> {
  const scene = await start(t, { answer: silent, server: short })
  for (const [name, bytes] of Object.entries(violations(headerBlock(fieldsFor(scene, '/public/smuggled'))))) {
    const wire = await connectWire(t, scene.gateway)
    await wire.answer(wire.request(fieldsFor(scene, '/public/else')))
    const upload = wire.nextStream()
    wire.send(headers(upload, fieldsFor(scene, '/public/upload', 'POST'), false))
    await wire.settled()
    wire.send(bytes)
    await wire.settled()
    const { reset } = wire.soFar(upload)
    t.ok(wire.isOver() || reset !== undefined, `${name}: ${reset} ${wire.goaway()}`)
    wire.destroy()
  }
  await expectService(t, scene)
  t.notMatch(reached(scene).join('\n'), /smuggled/)
}

/** What a connection may be in the middle of when it breaks off. */
function beginnings(scene: Scene): Buffer[] {
  const request = headers(1, fieldsFor(scene), true)
  const upload = headers(1, fieldsFor(scene, '/public/x', 'POST'), false)
  return [
    Buffer.alloc(0),
    preface.subarray(0, 7),
    preface,
    Buffer.concat([preface, settings({})]),
    Buffer.concat([preface, settings({}), request]),
    Buffer.concat([preface, settings({}), request.subarray(0, 20)]),
    Buffer.concat([preface, settings({}), upload]),
    Buffer.concat([preface, settings({}), upload, data(1, 'x'.repeat(1000), false)]),
    Buffer.concat([preface, settings({ initialWindowSize: 0 }), request]),
    Buffer.concat([preface, settings({}), block(1, Buffer.alloc(500, 0xa5), true)]),
    Buffer.concat([preface, settings({}), data(0, 'x', true)]),
    Buffer.concat([preface, settings({}), request, reset(1), frame(frameTypes.goaway, 0, 0, numbers(0, 0))]),
    Buffer.concat([
      preface,
      ...Array.from({ length: 50 }, (_, n) => headers(2 * n + 1, fieldsFor(scene), true)),
    ]),
  ]
}

async function brokenConnections(t: Test): Promise<void> {
  const scene = await start(t)
  for (const opening of beginnings(scene)) {
    for (const wait of [0, 1, 5]) {
      const wire = await connectWire(t, scene.gateway, { opening })
      for (let turns = 0; turns < wait; turns += 1) await nextTurn()
      wire.breakOff()
    }
  }
  await expectService(t, scene)
}

async function endlessUploads(t: Test): Promise<void> {
  const scene = await start(t, {
    answer: silent,
    server: 'timeouts: { headers: 500ms, request: 500ms }',
  })
  const wire = await connectWire(t, scene.gateway)
  const streams = ([[], [['content-length', '99']]] as Field[][]).map((more) => {
    const stream = wire.nextStream()
    wire.send(headers(stream, [...fieldsFor(scene, '/public/x', 'POST'), ...more], false))
    wire.send(data(stream, 'begun', false))
    return stream
  })
  for (const stream of streams) t.match(await wire.answer(stream), { status: undefined, reset: 'CANCEL' })
  await Promise.all(scene.upstream.connections.map(({ closed }) => closed))
  const { status } = await wire.answer(wire.request(fieldsFor(scene, '/public/else')))
  t.equal(status, 200, 'the connection goes on')
}

async function countedRequests(t: Test): Promise<void> {
  const scene = await start(t, { server: 'limits: { max_requests_per_connection: 10 }' })
  const wire = await connectWire(t, scene.gateway)
  await wire.settled()
  const streams = Array.from({ length: 10 }, () => wire.request(fieldsFor(scene, '/public/x')))
  for (const stream of streams) t.match(await wire.answer(stream), { status: 200 })
  await wire.until(() => wire.goaway() !== undefined)
  await wire.settled()
  const late = Array.from({ length: 20 }, () => wire.request(fieldsFor(scene, '/public/x')))
  for (const stream of late) t.match(await wire.answer(stream), { status: undefined })
  t.equal(wire.goaway(), 'NO_ERROR')
  await wire.closed
  t.equal(reached(scene).length, 10)
  await expectService(t, scene)
}

/** A server that is told nothing any more by what serves HTTP/2 might keep the connection, and all that belongs to it. */
async function abandonedConnections(t: Test): Promise<void> {
  const server = `${short}, limits: { max_connections_per_client: 4 }`
  const scene = await start(t, { answer: silent, server })
  for (const fault of [data(0, 'x', true), frame(frameTypes.ping, 0, 0, Buffer.alloc(3))]) {
    for (const begun of [[], [data(3, 'x', false)]]) {
      const wire = await connectWire(t, scene.gateway)
      await wire.answer(wire.request(fieldsFor(scene, '/public/else')))
      wire.send(headers(3, fieldsFor(scene, '/public/x', 'POST'), false), ...begun)
      await wire.settled()
      wire.send(fault)
      await wire.until(() => wire.goaway() !== undefined)
      wire.breakOff()
    }
  }
  // As long as one of the four is kept, there is no room for four others.
  const others: Http2Wire[] = []
  while (others.length < 4) {
    const wire = await connectWire(t, scene.gateway).catch(() => undefined)
    if (wire === undefined) await nextTurn()
    else others.push(wire)
  }
  t.pass('nothing is left of them')
  for (const wire of others) wire.destroy()
}

t.test('resources, HTTP/2', (t) => runAttacks(t, 'resources, HTTP/2', 'http2-attacks.tsv', checks))
