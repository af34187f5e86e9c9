import t from 'tap'
import { createFrameBoundary } from '../../src/proxy/frame-boundary.ts'

const frame = (length: number, isMasked = false): Buffer => {
  const mask = isMasked ? 0x80 : 0
  const key = Buffer.alloc(isMasked ? 4 : 0)
  const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10)
  head[0] = 0x82
  head[1] = mask | (length < 126 ? length : length < 65_536 ? 126 : 127)
  if (head.length === 4) head.writeUInt16BE(length, 2)
  if (head.length === 10) head.writeBigUInt64BE(BigInt(length), 2)
  return Buffer.concat([head, key, Buffer.alloc(length, 0x82)])
}

const sizes = [0, 1, 125, 126, 65_535, 65_536]

t.test('a fresh connection is at a boundary', async (t) => {
  const frames = createFrameBoundary()
  t.ok(frames.isAtBoundary())
  t.equal(frames.scan(Buffer.alloc(0)), 0)
})

t.test('whole frames of every length form end at a boundary', async (t) => {
  for (const isMasked of [false, true]) {
    const frames = createFrameBoundary()
    frames.scan(Buffer.concat(sizes.map((size) => frame(size, isMasked))))
    t.ok(frames.isAtBoundary())
  }
})

t.test('a frame cut anywhere is no boundary until its last byte', async (t) => {
  for (const size of sizes) {
    const bytes = frame(size, true)
    const cuts = [1, 2, 5, 7, 9, bytes.length - 1].filter((cut) => cut < bytes.length)
    for (const cut of cuts) {
      const frames = createFrameBoundary()
      t.equal(frames.scan(bytes.subarray(0, cut)), 0)
      t.notOk(frames.isAtBoundary(), `${size} cut at ${cut}`)
      t.equal(frames.scan(bytes.subarray(cut)), bytes.length - cut)
      t.ok(frames.isAtBoundary())
    }
  }
})

t.test('byte by byte, only the last byte of a frame makes a boundary', async (t) => {
  const frames = createFrameBoundary()
  const bytes = Buffer.concat([frame(3), frame(0), frame(130)])
  const ends: number[] = []
  for (const [at, byte] of bytes.entries()) {
    frames.scan(Buffer.of(byte))
    if (frames.isAtBoundary()) ends.push(at)
  }
  t.same(ends, [4, 6, 140])
})

t.test('the first boundary within a chunk that begins amid a frame is told', async (t) => {
  const frames = createFrameBoundary()
  const bytes = Buffer.concat([frame(10), frame(20), frame(30)])
  frames.scan(bytes.subarray(0, 5))
  t.equal(frames.scan(bytes.subarray(5, 6)), -1)
  t.equal(frames.scan(bytes.subarray(6, 50)), 6)
  t.notOk(frames.isAtBoundary())
})
