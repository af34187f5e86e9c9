import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { CorsHeaders } from '../core/cors.ts'
import type { PosternError } from '../core/errors.ts'
import { upstreamFailure } from './failure.ts'
import type { LiveStreams } from './live-streams.ts'
import type { ForwardFacts } from './request-headers.ts'
import { type ResponseHead, responseHead } from './response-headers.ts'
import type { Upstream } from './upstreams.ts'

/** Everything that is to be known to forward one judged request. */
export type ForwardPlan = Readonly<{
  upstream: Upstream
  /** The canonical path, as it was judged. */
  path: string
  /** The query with its question mark, or empty. */
  query: string
  facts: ForwardFacts
  /** Our Set-Cookie lines; asked for when the response head is written, since a newer session may be known by then. */
  setCookies: () => readonly string[]
  /** Whether the response is for one person only. */
  isProtected: boolean
  /** What pages of other origins are told, in place of what the upstream says about it. */
  cors?: CorsHeaders | undefined
  /** The client waits for 100 Continue before it sends the body (RFC 9110 section 10.1.1). */
  expectsContinue?: boolean | undefined
  /** The longest body of the request; any length if absent. */
  maxBodyBytes?: number | undefined
  /** How long the client may leave a piece of the answer unread, in milliseconds; for ever if absent. */
  sendTimeoutMs?: number | undefined
  /** Where to register a tunnel or event stream, so that it ends with its session; `endsAt` in epoch seconds. */
  live?: Readonly<{ streams: LiveStreams; sessionId: string; endsAt: number }> | undefined
  /** Called when the head of the answer is passed on, and for a switch of protocols; a stream has no end of its own. */
  onHead?: ((status: number, isStream: boolean) => void) | undefined
  /** Called at most once, and only if nothing was sent: the caller answers. */
  onFailure: (error: PosternError) => void
  /** Called when a response that had begun was cut off; there is nothing left to answer, only to log. */
  onCut?: ((error: PosternError) => void) | undefined
}>

export type DispatchOptions = Dispatcher.DispatchOptions &
  Readonly<{ body: Readable | null; upgrade: 'websocket' | null; servername: string }>

const maxInformational = 16
/** Why an upstream request is given up whose answer nobody waits for. */
const clientGone = new Error('nobody waits for the answer')
const plainReason = /^[\t\x20-\x7e]*$/

/**
 * One request and its response on their way through undici, straight between the two sockets.
 *
 * A class, since undici takes its handler as an object of methods, and one is made per request. These are undici's older
 * methods: for the newer ones it parses the response headers into an object first (measured: 1.5 of 50 µs a request).
 */
export class Exchange implements Dispatcher.DispatchHandler {
  protected readonly res: ServerResponse
  protected readonly plan: ForwardPlan
  protected readonly req: IncomingMessage
  private readonly options: DispatchOptions
  private abort: ((error?: Error) => void) | undefined
  private resume: (() => void) | undefined
  private unlist: (() => void) | undefined
  private unread: NodeJS.Timeout | undefined
  private informational = 0
  private hasStarted = false
  private hasBodyBegun = false
  private isRetryable: boolean
  private isOver = false
  private readonly onClose = () => this.onClientClose()

  constructor(req: IncomingMessage, res: ServerResponse, plan: ForwardPlan, options: DispatchOptions) {
    this.req = req
    this.res = res
    this.plan = plan
    this.options = options
    this.isRetryable = options.body === null && isSafe(options.method) && options.upgrade === null
    res.on('close', this.onClose)
  }

  onConnect(abort: (error?: Error) => void): void {
    this.abort = abort
    if (this.isOver) abort(clientGone)
  }

  onResponseStarted(): void {
    this.hasStarted = true
  }

  /** Throws at a response that cannot be passed on; undici then gives up the connection and calls `onError`. */
  onHeaders(status: number, raw: Buffer[], resume: () => void, reason: string): boolean {
    this.resume = resume
    if (status < 200) this.onInformational(status)
    else this.onHead(raw, status, reason)
    return true
  }

  onData(chunk: Buffer): boolean {
    this.hasBodyBegun = true
    if (this.res.write(chunk)) return true
    this.watchClient()
    this.res.once('drain', () => {
      clearTimeout(this.unread)
      this.resume?.()
    })
    return false
  }

  onComplete(): void {
    if (this.isOver) return
    this.finish()
    this.endResponse()
  }

  onError(error: Error): void {
    if (this.isOver) return
    if (this.isRetryable && !this.hasStarted && this.plan.upstream.hadServed(error)) this.retry()
    else this.giveUp(error)
  }

  /** Sends the head on its own when no body came along with it, as in an event stream that has no event yet. */
  flushHead(): void {
    if (!this.hasBodyBegun && !this.isOver) this.res.flushHeaders()
  }

  /** Finishes for a tunnel: the response stays as long as that, and is to keep nothing of the exchange. */
  protected letGo(): void {
    this.finish()
    this.res.off('close', this.onClose)
  }

  protected finish(): void {
    this.isOver = true
    this.unlist?.()
  }

  protected headOf(raw: readonly Buffer[]): ResponseHead {
    const { setCookies, isProtected, cors, facts } = this.plan
    return responseHead(raw, { setCookies: setCookies(), isProtected, cors }, facts.ownsCookie)
  }

  private onHead(raw: Buffer[], status: number, reason: string): void {
    const { headers, isEventStream } = this.headOf(raw)
    this.res.writeHead(status, plainReason.test(reason) ? reason : undefined, headers)
    this.plan.onHead?.(status, isEventStream)
    if (isEventStream) this.listEventStream()
    process.nextTick(flushHead, this)
    // undici counts the Content-Length of a 304 as missing bytes (RFC 9110 section 8.6 allows one), so it is not waited for.
    if (status === 204 || status === 304) this.onComplete()
  }

  private onInformational(status: number): void {
    this.informational += 1
    if (status === 101 || this.informational > maxInformational) throw new Error(`unwanted ${status}`)
  }

  private endResponse(): void {
    this.res.end()
    if (this.res.writableLength > 0) this.watchClient()
  }

  /** Ends a connection whose client stopped reading: it would keep one to the upstream for as long as it likes. */
  private watchClient(): void {
    const { sendTimeoutMs } = this.plan
    if (sendTimeoutMs === undefined) return
    clearTimeout(this.unread)
    this.unread = setTimeout(() => this.res.destroy(), sendTimeoutMs)
  }

  private onClientClose(): void {
    clearTimeout(this.unread)
    if (this.isOver) return
    this.finish()
    this.abort?.(clientGone)
  }

  /** Ends an event stream as its session ends; the browser's next attempt is judged anew. */
  private listEventStream(): void {
    const { live } = this.plan
    this.unlist = live?.streams.add(live.sessionId, live.endsAt, 'event-stream', () => {
      this.finish()
      this.abort?.(clientGone)
      this.endResponse()
    })
  }

  private retry(): void {
    this.isRetryable = false
    this.plan.upstream.fresh.dispatch(this.options, this)
  }

  private giveUp(error: Error): void {
    this.finish()
    const failure = upstreamFailure(this.plan.upstream.name, error, this.hasStarted)
    if (this.res.headersSent) this.cut(failure)
    else this.fail(failure)
  }

  private fail(failure: PosternError): void {
    this.options.body?.destroy()
    // What a refused response head may have left behind would show in the caller's answer; HTTP/2 has no such thing.
    if (this.req.httpVersionMajor === 1) this.res.statusMessage = ''
    this.plan.onFailure(failure)
  }

  /** Ends a response so that it cannot pass for a complete one: to HTTP/1.0, a mere end of the connection could. */
  private cut(failure: PosternError): void {
    const { socket, httpVersion } = this.req
    if (httpVersion === '1.0' && socket.remoteAddress !== undefined) socket.resetAndDestroy()
    else this.res.destroy()
    this.plan.onCut?.(failure)
  }
}

function flushHead(exchange: Exchange): void {
  exchange.flushHead()
}

function isSafe(method: string): boolean {
  return method === 'GET' || method === 'HEAD' || method === 'OPTIONS'
}
