import fc from 'fast-check'
import { canonicalPath } from '../../../src/core/request-path.ts'
import { type Echo, startEcho } from '../../attack/echo.ts'
import { pseudoFields } from '../../attack/http2-messages.ts'
import { headerComplaints, messageScene } from '../../attack/messages.ts'
import { targetOf } from '../../attack/strict-wire.ts'
import { startGateway } from '../../support/gateway.ts'
import {
  block,
  data,
  type Field,
  frame,
  frameTypes,
  headerBlock,
  numbers,
  preface,
  settings,
  windowUpdate,
} from '../../support/http2-frames.ts'
import { connectWire, type Http2Wire } from '../../support/http2-wire.ts'
import { applyEdits, edits, type FuzzTarget, latin1, must, type Opened, property } from '../target.ts'

const names = [
  ...['x', 'x-forwarded-user', 'host', 'cookie', 'content-length', 'transfer-encoding', 'te', 'expect'],
  ...['connection', 'upgrade', 'authorization', 'X-Upper', 'x y', 'x:', '', 'x\r\ny', 'x-request-id'],
  ...[':path', ':method', ':scheme', ':authority', ':status', ':protocol', ':x', 'sec-websocket-key'],
]
const values = [
  ...[
    '',
    'x',
    '0',
    '5',
    '-1',
    '5, 5',
    'chunked',
    'trailers',
    '100-continue',
    'close',
    'websocket',
    'Bearer x',
  ],
  ...['app.example.com', 'evil.example', 'a@app.example.com', 'a=1', 'postern=x', 'x\r\ny: z', 'x\0', ' x '],
  ...[
    '/public/y',
    '/admin/x',
    '/public/../admin/x',
    '*',
    'http://evil.example/',
    'GET',
    'POST',
    'CONNECT',
    'https',
  ],
]
const pieces = [
  '/',
  '..',
  '%2e',
  '%2f',
  '\\',
  ';',
  '?',
  '#',
  ' ',
  '\r\n',
  '\0',
  '\t',
  '\xe9',
  ':',
  'HTTP/1.1',
]

const field: fc.Arbitrary<Field> = fc.tuple(
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...names) }, latin1),
  fc.oneof({ weight: 5, arbitrary: fc.constantFrom(...values) }, latin1),
)

const request = fc.record({
  method: fc.constantFrom('GET', 'GET', 'GET', 'POST', 'POST', 'HEAD', 'get', 'OPTIONS', 'CONNECT', 'x y'),
  path: fc.constantFrom('/public/x', '/public/x', '/public/x', '/admin/x', '/x'),
  pathEdits: edits(pieces),
  more: fc.oneof(fc.constant<Field[]>([]), fc.array(field, { maxLength: 4 })),
  missing: fc.oneof({ weight: 6, arbitrary: fc.constant(-1) }, fc.nat(3)),
  isMixed: fc.oneof({ weight: 6, arbitrary: fc.constant(false) }, fc.constant(true)),
  body: fc.option(fc.array(latin1, { maxLength: 3 }), { nil: undefined }),
  trailers: fc.oneof(
    { weight: 4, arbitrary: fc.constant(undefined) },
    fc.array(field, { maxLength: 2, minLength: 1 }),
  ),
  most: fc.oneof({ weight: 4, arbitrary: fc.constant(16_384) }, fc.integer({ min: 10, max: 60 })),
})
type Request = typeof request extends fc.Arbitrary<infer Of> ? Of : never

const streamIds = fc.constantFrom(0, 1, 1, 3, 3, 5, 7, 2, 99, 2 ** 31 - 1)
const number32 = fc.oneof(fc.constantFrom(0, 1, 65_535, 2 ** 31 - 1, 2 ** 32 - 1), fc.nat(100_000))

/** Frames of all sorts, on streams that may be there or not; each as bytes. */
const frames: fc.Arbitrary<Buffer> = fc.oneof(
  fc
    .tuple(fc.nat(12), fc.nat(255), streamIds, latin1)
    .map(([type, flag, stream, payload]) => frame(type, flag, stream, Buffer.from(payload, 'latin1'))),
  fc.tuple(streamIds, latin1).map(([stream, text]) => block(stream, Buffer.from(text, 'latin1'), true)),
  fc
    .tuple(streamIds, fc.array(field, { maxLength: 3 }), fc.boolean())
    .map(([stream, fields, isEnd]) => block(stream, headerBlock(fields), isEnd)),
  fc.tuple(streamIds, latin1, fc.boolean()).map(([stream, text, isEnd]) => data(stream, text, isEnd)),
  fc.tuple(streamIds, number32).map(([stream, by]) => windowUpdate(stream, by)),
  fc
    .tuple(streamIds, number32)
    .map(([stream, code]) => frame(frameTypes.rstStream, 0, stream, numbers(code))),
  fc
    .tuple(number32, number32)
    .map(([initialWindowSize, headerTableSize]) => settings({ initialWindowSize, headerTableSize })),
  fc.tuple(number32, number32).map(([last, code]) => frame(frameTypes.goaway, 0, 0, numbers(last, code))),
  latin1.map((text) => Buffer.from(text, 'latin1')),
)

const cases = fc.record({
  steps: fc.array(
    fc.oneof(
      { weight: 6, arbitrary: request.map((made) => ({ made, bytes: undefined })) },
      frames.map((bytes) => ({ made: undefined, bytes })),
    ),
    { minLength: 1, maxLength: 8 },
  ),
  hasOpening: fc.oneof({ weight: 9, arbitrary: fc.constant(true) }, fc.constant(false)),
  isTorn: fc.boolean(),
})

/** The frames of a request on a stream of the client's, well-formed as frames whatever its fields are. */
function framesOf(stream: number, made: Request): Buffer[] {
  const { method, path, pathEdits, more, missing, isMixed, body, trailers, most } = made
  const pseudo = pseudoFields({ method, path: applyEdits(path, pathEdits) }).filter((_, at) => at !== missing)
  const fields = isMixed ? [...more, ...pseudo] : [...pseudo, ...more]
  const isEnd = body === undefined && trailers === undefined
  const parts = body ?? []
  return [
    block(stream, headerBlock(fields), isEnd, most),
    ...parts.map((part, at) => data(stream, part, at === parts.length - 1 && trailers === undefined)),
    ...(trailers === undefined ? [] : [block(stream, headerBlock(trailers), true)]),
  ]
}

/** What reached the upstream and should not have. */
function complaints(echo: Echo): string[] {
  const received = echo.requests.splice(0)
  const wrong = received.filter((message) => {
    const target = targetOf(message)
    const found = canonicalPath(target)
    return !/^\/public(?:[/?]|$)/i.test(target) || found === undefined || found.path + found.query !== target
  })
  return [...echo.faults.splice(0), ...wrong.map(({ start }) => start), ...received.flatMap(headerComplaints)]
}

/** Somebody else's request on a connection that was there before is answered, with its own answer. */
async function expectService(wire: Http2Wire, path: string): Promise<void> {
  const { status, body } = await wire.answer(wire.request(pseudoFields({ path })))
  must(status === 200 && body === path, () => `${path} got ${status} ${body}`)
}

/** Frames and fields, right and wrong: the gateway serves others, and tells the upstream nothing that it should not hear. */
export const http2Frames: FuzzTarget = {
  name: 'HTTP/2 frames',
  shortRuns: 150,
  async open(): Promise<Opened> {
    const ends: (() => unknown)[] = []
    const t = { teardown: (end: () => unknown) => void ends.push(end) }
    const echo = await startEcho(t)
    const gateway = await startGateway(t, { ...messageScene, isTls: true, upstream: echo.origin })
    let good = await connectWire(t, gateway)
    let count = 0
    const check = property(cases, async ({ steps, hasOpening, isTorn }) => {
      const wire = await connectWire({ teardown: () => undefined }, gateway, {
        ...(!hasOpening && { opening: preface }),
      })
      const streams: number[] = []
      for (const { made, bytes } of steps) {
        if (bytes !== undefined) wire.send(bytes)
        else {
          const stream = wire.nextStream()
          streams.push(stream)
          wire.send(...framesOf(stream, made))
        }
      }
      // Half a frame is waited for: a round of others is as long as it gets.
      await Promise.race([wire.settled(), round()])
      await round()
      const isAccepted = streams.some((stream) => wire.soFar(stream).status === 200)
      if (isTorn) wire.breakOff()
      else wire.destroy()
      const found = complaints(echo)
      must(found.length === 0, () => found.join('\n'))
      return isAccepted
    })
    return { ...check, close: async () => Promise.all(ends.reverse().map((end) => end())) }

    async function round(): Promise<void> {
      count += 1
      if (good.isOver() || good.goaway() !== undefined) good = await connectWire(t, gateway)
      await expectService(good, `/public/other-${count}`)
    }
  },
}
