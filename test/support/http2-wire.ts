import { connect as connectPlain } from 'node:net'
import { type ConnectionOptions, connect } from 'node:tls'
import hpack from 'hpack.js'
import type { Test } from 'tap'
import type { Gateway } from './gateway.ts'
import {
  data,
  type ErrorCode,
  errorCodes,
  type Field,
  type Frame,
  flags,
  frame,
  framesIn,
  frameTypes,
  headers,
  preface,
  settings,
  windowUpdate,
} from './http2-frames.ts'
import { pem } from './recorder.ts'

/** What came back on one stream. */
export type StreamAnswer = Readonly<{
  /** Undefined as long as no final answer came. */
  status: number | undefined
  /** The fields of the final answer, in the order they came, without the status. */
  headers: readonly Field[]
  /** Interim statuses before it. */
  interim: readonly number[]
  body: string
  /** How the server reset the stream, if it did. */
  reset: ErrorCode | undefined
  isWhole: boolean
}>

/** A client that sends any bytes and reads as RFC 9113 says. */
export type Http2Wire = Readonly<{
  /** Sends bytes, whatever they are. */
  send: (...bytes: Uint8Array[]) => void
  /** The number of a stream that was not used yet. */
  nextStream: () => number
  /** Sends a well-formed request, or at least one in well-formed frames, and gives its stream. */
  request: (fields: readonly Field[], body?: string) => number
  /** Resolves when the stream is over, or the connection is. */
  answer: (stream: number) => Promise<StreamAnswer>
  /** What came on a stream so far. */
  soFar: (stream: number) => StreamAnswer
  /** Resolves when what is asked is so, asked after each frame; rejects when the connection ends before. */
  until: (isSo: () => boolean) => Promise<void>
  /** Resolves when the server has dealt with all that was sent before, or the connection is over. */
  settled: () => Promise<void>
  /** Every frame so far. */
  frames: readonly Frame[]
  /** The code of the last GOAWAY, if there was one. */
  goaway: () => ErrorCode | undefined
  /** Whether the connection is closed, or the server told of an error of it. */
  isOver: () => boolean
  closed: Promise<void>
  /** Stops reading from the socket, or goes on. */
  read: (isWanted: boolean) => void
  /** Resolves when what was sent has left this process, or the connection is closed. */
  flushed: () => Promise<void>
  destroy: () => void
  /** Ends the connection without a word, as a machine does that is switched off. */
  breakOff: () => void
}>

type WireOptions = Readonly<{
  /** What the client begins with; the preface and its settings unless given. */
  opening?: Uint8Array
  tls?: ConnectionOptions
}>

/** What the table of HPACK holds unless it was agreed otherwise, in bytes (RFC 9113 section 6.5.2). */
const defaultTableSize = 4096

/** So much that no answer in a test is held up by windows. */
const largeWindow = 2 ** 30

const openingBytes = Buffer.concat([
  preface,
  settings({ enablePush: 0, initialWindowSize: largeWindow }),
  windowUpdate(0, largeWindow),
])

/** Opens a connection that agrees on HTTP/2. */
export async function connectWire(
  t: Pick<Test, 'teardown'>,
  { port }: Pick<Gateway, 'port'>,
  { opening = openingBytes, tls = {} }: WireOptions = {},
): Promise<Http2Wire> {
  const carrier = connectPlain(port, '127.0.0.1')
  const socket = connect({
    socket: carrier,
    servername: 'localhost',
    ca: pem('ca'),
    ALPNProtocols: ['h2'],
    ...tls,
  })
  t.teardown(() => socket.destroy())
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  if (socket.alpnProtocol !== 'h2') throw new Error(`agreed on ${socket.alpnProtocol}`)
  socket.on('error', () => undefined)
  socket.setNoDelay()
  let lastWrite: Promise<unknown> = Promise.resolve()
  const state = createState((bytes) => {
    lastWrite = new Promise((resolve) => socket.write(bytes, resolve))
  })
  socket.on('data', state.take)
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      state.end()
      resolve()
    })
  })
  socket.write(opening)
  return {
    ...state.client,
    closed,
    read: (isWanted) => void (isWanted ? socket.resume() : socket.pause()),
    flushed: async () => void (await Promise.race([lastWrite, closed])),
    destroy: () => void socket.destroy(),
    breakOff: () => void carrier.resetAndDestroy(),
  }
}

type Stream = { -readonly [Key in keyof StreamAnswer]: StreamAnswer[Key] }

/** Reads frames, and does what every client has to: settings and pings are acknowledged. */
function createState(write: (bytes: Uint8Array) => void) {
  const streams = new Map<number, Stream>()
  const frames: Frame[] = []
  const waiting = new Set<() => void>()
  const pongs = new Set<string>()
  const decoder = hpack.decompressor.create({ table: { maxSize: defaultTableSize } })
  let unread: Buffer = Buffer.alloc(0)
  let block: Buffer[] = []
  let goaway: ErrorCode | undefined
  let isClosed = false
  let lastStream = -1
  let pings = 0

  function streamOf(id: number): Stream {
    const known = streams.get(id)
    if (known !== undefined) return known
    const made: Stream = {
      status: undefined,
      headers: [],
      interim: [],
      body: '',
      reset: undefined,
      isWhole: false,
    }
    streams.set(id, made)
    return made
  }

  function take(chunk: Buffer): void {
    const cut = framesIn(Buffer.concat([unread, chunk]))
    unread = cut.rest
    for (const received of cut.frames) {
      frames.push(received)
      takeFrame(received)
    }
    wake()
  }

  function takeFrame({ type, flag, stream, payload }: Frame): void {
    if (type === frameTypes.headers || type === frameTypes.continuation) {
      block.push(payload)
      if (flag & flags.endHeaders) takeFields(streamOf(stream))
      if (type === frameTypes.headers && flag & flags.endStream) streamOf(stream).isWhole = true
    } else if (type === frameTypes.data) {
      const answer = streamOf(stream)
      answer.body += payload.toString('latin1')
      if (flag & flags.endStream) answer.isWhole = true
    } else if (type === frameTypes.rstStream) streamOf(stream).reset = codeIn(payload, 0)
    else if (type === frameTypes.goaway) goaway = codeIn(payload, 4)
    else if (type === frameTypes.settings && !(flag & flags.ack))
      write(frame(frameTypes.settings, flags.ack, 0))
    else if (type === frameTypes.ping) takePing(flag, payload)
  }

  function takePing(flag: number, payload: Buffer): void {
    if (flag & flags.ack) pongs.add(payload.toString('hex'))
    else write(frame(frameTypes.ping, flags.ack, 0, payload))
  }

  function takeFields(answer: Stream): void {
    const fields = decode(Buffer.concat(block))
    block = []
    const [[name, value] = ['', ''], ...rest] = fields
    // What comes behind a final answer without a status are its trailers.
    if (name !== ':status') return
    const status = Number(value)
    if (status < 200) answer.interim = [...answer.interim, status]
    else Object.assign(answer, { status, headers: rest })
  }

  function decode(bytes: Buffer): Field[] {
    decoder.write(bytes)
    decoder.execute()
    const fields: Field[] = []
    for (let field = decoder.read(); field !== null; field = decoder.read())
      fields.push([field.name, field.value])
    return fields
  }

  function end(): void {
    isClosed = true
    wake()
  }

  function wake(): void {
    for (const resolve of [...waiting]) resolve()
  }

  /** Resolves after the next frame, or the end. */
  function more(): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        waiting.delete(done)
        resolve()
      }
      waiting.add(done)
    })
  }

  /** After a GOAWAY that tells of an error nothing is dealt with any more (RFC 9113 section 5.4.1). */
  function isOver(): boolean {
    return isClosed || (goaway ?? 'NO_ERROR') !== 'NO_ERROR'
  }

  function nextStream(): number {
    lastStream += 2
    return lastStream
  }

  function request(fields: readonly Field[], body?: string): number {
    const stream = nextStream()
    write(headers(stream, fields, body === undefined))
    if (body !== undefined) write(data(stream, body, true))
    return stream
  }

  async function answer(stream: number): Promise<StreamAnswer> {
    const found = streamOf(stream)
    while (!isOver() && !found.isWhole && found.reset === undefined) await more()
    return found
  }

  async function until(isSo: () => boolean): Promise<void> {
    while (!isSo()) {
      if (isOver()) throw new Error(`the connection ended: ${goaway}`)
      await more()
    }
  }

  async function settled(): Promise<void> {
    pings += 1
    const payload = Buffer.from(`ping${String(pings).padStart(4, '0')}`)
    write(frame(frameTypes.ping, 0, 0, payload))
    while (!isOver() && !pongs.has(payload.toString('hex'))) await more()
  }

  return {
    take,
    end,
    client: {
      send: (...bytes: Uint8Array[]) => write(Buffer.concat(bytes)),
      nextStream,
      request,
      answer,
      soFar: streamOf,
      until,
      settled,
      frames,
      goaway: () => goaway,
      isOver,
    },
  }
}

function codeIn(payload: Buffer, at: number): ErrorCode {
  return errorCodes[payload.readUInt32BE(at)] ?? 'INTERNAL_ERROR'
}

/** The values of a field in an answer. */
export function fieldsOf({ headers }: Pick<StreamAnswer, 'headers'>, name: string): string[] {
  return headers.filter(([known]) => known === name).map(([, value]) => value)
}
