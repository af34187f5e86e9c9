/** Follows the frames of one direction of a WebSocket connection (RFC 6455 section 5.2) without looking into them. */
export type FrameBoundary = Readonly<{
  /** Reads the next bytes; returns the first offset in them at which a frame begins or the last one ends, or -1. */
  scan: (chunk: Buffer) => number
  /** Tells whether everything read so far is whole frames. */
  isAtBoundary: () => boolean
}>

/** A scanner at the start of the stream, which is a boundary. */
export function createFrameBoundary(): FrameBoundary {
  // At most 14 bytes: two, an extended length of up to eight, and a masking key of four.
  const header = Buffer.alloc(14)
  let headerLength = 0
  let payloadLeft = 0

  const readHeader = (chunk: Buffer, start: number): number => {
    let offset = start
    while (offset < chunk.length && headerLength < neededHeader(header, headerLength)) {
      header[headerLength++] = chunk[offset++] as number
    }
    if (headerLength === neededHeader(header, headerLength)) payloadLeft = payloadLength(header)
    return offset
  }

  return {
    scan: (chunk) => {
      let first = headerLength === 0 ? 0 : -1
      let offset = 0
      while (offset < chunk.length) {
        if (headerLength < neededHeader(header, headerLength)) offset = readHeader(chunk, offset)
        const skipped = Math.min(payloadLeft, chunk.length - offset)
        payloadLeft -= skipped
        offset += skipped
        if (payloadLeft === 0 && headerLength === neededHeader(header, headerLength)) {
          headerLength = 0
          if (first < 0) first = offset
        }
      }
      return first
    },
    isAtBoundary: () => headerLength === 0,
  }
}

function neededHeader(header: Buffer, known: number): number {
  if (known < 2) return 2
  const second = header[1] as number
  const length = second & 0x7f
  return 2 + (length === 127 ? 8 : length === 126 ? 2 : 0) + (second & 0x80 ? 4 : 0)
}

function payloadLength(header: Buffer): number {
  const length = (header[1] as number) & 0x7f
  if (length < 126) return length
  return length === 126 ? header.readUInt16BE(2) : Number(header.readBigUInt64BE(2))
}
