/** A name and a value, one character a byte: whatever can be written in HPACK. */
export type Field = readonly [name: string, value: string]

export const frameTypes = {
  data: 0,
  headers: 1,
  priority: 2,
  rstStream: 3,
  settings: 4,
  pushPromise: 5,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const

export const flags = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 } as const

/** The names of error codes (RFC 9113 section 7). */
export const errorCodes = [
  ...['NO_ERROR', 'PROTOCOL_ERROR', 'INTERNAL_ERROR', 'FLOW_CONTROL_ERROR', 'SETTINGS_TIMEOUT'],
  ...['STREAM_CLOSED', 'FRAME_SIZE_ERROR', 'REFUSED_STREAM', 'CANCEL', 'COMPRESSION_ERROR', 'CONNECT_ERROR'],
  ...['ENHANCE_YOUR_CALM', 'INADEQUATE_SECURITY', 'HTTP_1_1_REQUIRED'],
] as const
export type ErrorCode = (typeof errorCodes)[number]

/** The numbers of settings (RFC 9113 section 6.5.2). */
export const settingIds = {
  headerTableSize: 1,
  enablePush: 2,
  maxConcurrentStreams: 3,
  initialWindowSize: 4,
  maxFrameSize: 5,
  maxHeaderListSize: 6,
  enableConnectProtocol: 8,
} as const

/** What every client of HTTP/2 begins with, before its settings (RFC 9113 section 3.4). */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')

const frameHeadBytes = 9

/** One frame as bytes; nothing is checked. */
export function frame(type: number, flag: number, stream: number, payload: Uint8Array = nothing): Buffer {
  const head = Buffer.alloc(frameHeadBytes)
  head.writeUIntBE(payload.length, 0, 3)
  head[3] = type
  head[4] = flag
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

const nothing = Buffer.alloc(0)

/** Some 32-bit numbers as they stand in payloads. */
export function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value >>> 0, index * 4)
  return bytes
}

/** A SETTINGS frame. */
export function settings(values: Partial<Record<keyof typeof settingIds, number>>): Buffer {
  const entries = Object.entries(values) as [keyof typeof settingIds, number][]
  const payload = entries.map(([name, value]) => {
    const entry = Buffer.alloc(6)
    entry.writeUInt16BE(settingIds[name], 0)
    entry.writeUInt32BE(value, 2)
    return entry
  })
  return frame(frameTypes.settings, 0, 0, Buffer.concat(payload))
}

/** A RST_STREAM frame. */
export function reset(stream: number, code: ErrorCode = 'CANCEL'): Buffer {
  return frame(frameTypes.rstStream, 0, stream, numbers(errorCodes.indexOf(code)))
}

/** A WINDOW_UPDATE frame; stream 0 is the connection. */
export function windowUpdate(stream: number, increment: number): Buffer {
  return frame(frameTypes.windowUpdate, 0, stream, numbers(increment))
}

/** A HEADERS frame, whatever its fields are. */
export function headers(stream: number, fields: readonly Field[], isEnd: boolean): Buffer {
  return block(stream, headerBlock(fields), isEnd)
}

/** The most that a frame may hold unless it was agreed otherwise (RFC 9113 section 6.5.2). */
const maxFrameSize = 16_384

/** A header block as a HEADERS frame, and as many CONTINUATION frames as it takes when none may be longer than `most`. */
export function block(stream: number, bytes: Buffer, isEnd: boolean, most = maxFrameSize): Buffer {
  const pieces = Array.from({ length: Math.max(1, Math.ceil(bytes.length / most)) }, (_, index) =>
    bytes.subarray(index * most, (index + 1) * most),
  )
  return Buffer.concat(
    pieces.map((piece, index) => {
      const end = index === pieces.length - 1 ? flags.endHeaders : 0
      return index === 0
        ? frame(frameTypes.headers, end | (isEnd ? flags.endStream : 0), stream, piece)
        : frame(frameTypes.continuation, end, stream, piece)
    }),
  )
}

/** A DATA frame. */
export function data(stream: number, bytes: string, isEnd: boolean): Buffer {
  return frame(frameTypes.data, isEnd ? flags.endStream : 0, stream, Buffer.from(bytes, 'latin1'))
}

/** A header list in HPACK, each field a literal that is never indexed, without Huffman coding (RFC 7541 section 6.2.3). */
export function headerBlock(fields: readonly Field[]): Buffer {
  return Buffer.concat(
    fields.flatMap(([name, value]) => [Buffer.from([neverIndexed]), text(name), text(value)]),
  )
}

const neverIndexed = 0x10
const withIndexing = 0x40
const indexed = 0x80
const tableSizeUpdate = 0x20

/** A literal that goes to the front of the dynamic table (RFC 7541 section 6.2.1). */
export function indexedLiteral([name, value]: Field): Buffer {
  return Buffer.concat([Buffer.from([withIndexing]), text(name), text(value)])
}

/** A reference to a table entry (RFC 7541 section 6.1); the dynamic table begins at 62. */
export function reference(index: number): Buffer {
  return integer(index, 7, indexed)
}

/** Says how large the dynamic table is from now on (RFC 7541 section 6.3). */
export function tableSize(bytes: number): Buffer {
  return integer(bytes, 5, tableSizeUpdate)
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, 'latin1')
  return Buffer.concat([integer(bytes.length, 7, 0), bytes])
}

/** A number whose first piece has so many bits, beside the pattern (RFC 7541 section 5.1). */
function integer(value: number, bits: number, pattern: number): Buffer {
  const most = 2 ** bits - 1
  if (value < most) return Buffer.from([pattern | value])
  const bytes = [pattern | most]
  let rest = value - most
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.from([...bytes, rest])
}

/** A frame that was received. */
export type Frame = Readonly<{ type: number; flag: number; stream: number; payload: Buffer }>

/** Cuts whole frames off; what is left of the bytes is returned beside them. */
export function framesIn(bytes: Buffer): { frames: Frame[]; rest: Buffer } {
  const frames: Frame[] = []
  let rest = bytes
  while (rest.length >= frameHeadBytes) {
    const end = frameHeadBytes + rest.readUIntBE(0, 3)
    if (rest.length < end) break
    const stream = rest.readUInt32BE(5) & 0x7fffffff
    frames.push({
      type: rest[3] as number,
      flag: rest[4] as number,
      stream,
      payload: rest.subarray(frameHeadBytes, end),
    })
    rest = rest.subarray(end)
  }
  return { frames, rest }
}
