/** Many small requests over keep-alive connections, written as ready bytes and counted by a minimal parser. */
import { connect, type Socket } from 'node:net'
import { performance } from 'node:perf_hooks'
import { createAnswerCounter } from './answer-counter.ts'
import { cpuMicros } from './measure.ts'
import { quantile } from './statistics.ts'

/** What is asked for; one Cookie or Authorization header after the other is sent, round and round. None: none is sent. */
export type Target = Readonly<{
  url: string
  cookies: readonly string[]
  authorizations?: readonly string[]
  /** The Host header, where it is not that of the address. */
  host?: string
  /** Header lines that go with each request beside what a script in a page sends. */
  lines?: readonly string[]
}>

/** How much of it: `warmUp` requests that are not counted, then `requests`, but no longer than `maxSeconds`. */
export type Slice = Readonly<{ connections: number; warmUp: number; requests: number; maxSeconds: number }>

export type LoadResult = Readonly<{
  requests: number
  requestsPerSecond: number
  /** CPU time of the measured processes, microseconds per request. */
  cpuMicros: number
  /** CPU time of the load generator itself, microseconds per request. */
  generatorMicros: number
  /** Milliseconds. */
  p50: number
  p99: number
}>

type Prepared = Readonly<{ host: string; port: number; requests: readonly Buffer[] }>

/** Builds the bytes of every request once, so that a run only writes them. */
export function prepareRequests(target: Target): Prepared {
  const url = new URL(target.url)
  const { cookies, authorizations = [], lines = [], host } = target
  const requests =
    authorizations.length > 0
      ? authorizations.map((value) =>
          requestBytes('GET', url, '', [`Authorization: ${value}`, ...lines], host),
        )
      : (cookies.length === 0 ? [''] : cookies).map((cookie) => requestBytes('GET', url, cookie, lines, host))
  return { host: url.hostname, port: Number(url.port), requests }
}

/** One request as a script in a page sends it. */
export function requestBytes(
  method: string,
  url: URL,
  cookie: string,
  more: readonly string[] = [],
  host = url.host,
): Buffer {
  const lines = [
    `${method} ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${host}`,
    'User-Agent: Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36',
    'Accept: application/json',
    'Accept-Language: en-GB,en;q=0.9',
    'Accept-Encoding: gzip, deflate, br',
    'Sec-Fetch-Site: same-origin',
    'Sec-Fetch-Mode: cors',
    'Sec-Fetch-Dest: empty',
    ...(cookie === '' ? [] : [`Cookie: ${cookie}`]),
    ...more,
  ]
  return Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1')
}

/**
 * Sends a slice of requests, one at a time on each connection.
 * @throws {Error} when an answer is not 200 or a connection breaks.
 */
export function runRequests(prepared: Prepared, pids: readonly number[], slice: Slice): Promise<LoadResult> {
  return new Promise((resolve, reject) => {
    const sockets: Socket[] = []
    const latencies: number[] = []
    let sent = 0
    let answered = 0
    let startedAt = 0
    let cpuBefore = 0
    let ownBefore = process.cpuUsage()

    for (let index = 0; index < slice.connections; index++) sockets.push(open())

    function open(): Socket {
      let sentAt = 0
      const socket = connect(prepared.port, prepared.host, send)
      socket.setNoDelay(true)
      socket.on('error', fail)
      socket.on('close', () => fail(new Error('the subject closed a connection')))
      socket.on('data', createAnswerCounter(received, fail))
      return socket

      function send(): void {
        sentAt = performance.now()
        socket.write(prepared.requests[sent++ % prepared.requests.length] as Buffer)
      }

      function received(): void {
        const now = performance.now()
        answered++
        if (answered === slice.warmUp) begin(now)
        else if (answered > slice.warmUp) latencies.push(now - sentAt)
        const isOver =
          latencies.length >= slice.requests || (startedAt > 0 && now - startedAt > slice.maxSeconds * 1000)
        if (isOver) finish(now)
        else send()
      }
    }

    function begin(now: number): void {
      cpuBefore = cpuMicros(pids)
      ownBefore = process.cpuUsage()
      startedAt = now
    }

    function finish(now: number): void {
      const cpu = cpuMicros(pids) - cpuBefore
      const own = process.cpuUsage(ownBefore)
      close()
      const sorted = Float64Array.from(latencies).sort()
      resolve({
        requests: sorted.length,
        requestsPerSecond: (sorted.length * 1000) / (now - startedAt),
        cpuMicros: cpu / sorted.length,
        generatorMicros: (own.user + own.system) / sorted.length,
        p50: quantile(sorted, 0.5),
        p99: quantile(sorted, 0.99),
      })
    }

    function fail(error: Error): void {
      close()
      reject(error)
    }

    function close(): void {
      for (const socket of sockets)
        socket
          .removeAllListeners()
          .on('error', () => undefined)
          .destroy()
    }
  })
}
