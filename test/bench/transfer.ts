/** One large body, down or up, as fast as it goes. */
import { once } from 'node:events'
import { Agent, request } from 'node:http'
import { performance } from 'node:perf_hooks'
import { Readable, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { cpuMicros } from './measure.ts'
import type { Target } from './request-load.ts'
import { transferBytes } from './transfer-size.ts'

export type TransferResult = Readonly<{
  /** 10^6 bytes a second. */
  megabytesPerSecond: number
  /** CPU time of the measured processes, milliseconds for the whole transfer. */
  cpuMillis: number
}>

/** Fetches 100 MB from the target. */
export async function downloadOnce(target: Target, pids: readonly number[]): Promise<TransferResult> {
  return timed(pids, () => exchange(target, 'GET', Readable.from([])))
}

/** Sends 100 MB to the target. */
export async function uploadOnce(target: Target, pids: readonly number[]): Promise<TransferResult> {
  return timed(pids, () => exchange(target, 'POST', pieces()))
}

async function timed(pids: readonly number[], work: () => Promise<void>): Promise<TransferResult> {
  const cpuBefore = cpuMicros(pids)
  const startedAt = performance.now()
  await work()
  const seconds = (performance.now() - startedAt) / 1000
  return {
    megabytesPerSecond: transferBytes / 1e6 / seconds,
    cpuMillis: (cpuMicros(pids) - cpuBefore) / 1000,
  }
}

// Kept alive, as browsers do: `Connection: close` would reach the upstream through the floor.
const agent = new Agent({ keepAlive: true })

async function exchange(target: Target, method: 'GET' | 'POST', body: Readable): Promise<void> {
  const headers = {
    cookie: target.cookies[0] ?? '',
    ...(method === 'POST' && { 'content-length': transferBytes, 'content-type': 'application/octet-stream' }),
  }
  const outgoing = request(target.url, { method, headers, agent })
  const [[response]] = await Promise.all([once(outgoing, 'response'), pipeline(body, outgoing)])
  if (response.statusCode !== 200) throw new Error(`expected 200, got ${response.statusCode}`)
  await pipeline(response, new Writable({ write: (_chunk, _encoding, done) => done() }))
}

function pieces(): Readable {
  const piece = Buffer.alloc(64 * 1024, 'x')
  let left = transferBytes
  return new Readable({
    highWaterMark: 256 * 1024,
    read() {
      left -= piece.length
      this.push(left >= 0 ? piece : null)
    },
  })
}
