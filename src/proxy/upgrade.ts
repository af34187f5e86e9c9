import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

import { type DispatchOptions, Exchange, type ForwardPlan } from './exchange.ts'
import { requestHeaders } from './request-headers.ts'
import { openTunnel } from './tunnel.ts'
import { upstreamPath } from './upstream-path.ts'
import { fixedServerName } from './upstreams.ts'
import { isWebSocket, isWebSocketName } from './web-socket.ts'

/**
 * The response to answer an upgrade request with when no tunnel comes of it; the connection ends after it.
 *
 * To be made as soon as the server emits `upgrade`: from then on nobody else listens to the socket's errors.
 */
export function upgradeResponse(req: IncomingMessage, socket: Socket): ServerResponse {
  const res = new ServerResponse(req)
  res.shouldKeepAlive = false
  res.assignSocket(socket)
  socket.on('error', () => socket.destroy())
  res.on('finish', () => socket.destroySoon())
  if (!isWebSocket(req)) noticeEnd(socket)
  return res
}

/**
 * Reads on, and forgets what comes, where no tunnel will follow: Node has stopped reading, and nobody would notice that the
 * client is gone. Its socket, and that of an upstream which does not come to an end, would then stay open for ever.
 */
function noticeEnd(client: Socket): void {
  client.on('end', () => client.destroy())
  client.resume()
}

/**
 * Asks the upstream for a WebSocket; if it agrees, tells the client and joins the two connections, else passes its answer on.
 *
 * `res` is from `upgradeResponse`; `early` is what the client has sent since, held back until the upstream has agreed.
 */
export function upgrade(req: IncomingMessage, res: ServerResponse, early: Buffer, plan: ForwardPlan): void {
  const { upstream, path, query, facts } = plan
  const options: DispatchOptions = {
    method: 'GET',
    path: upstreamPath(upstream.mapping, path, query),
    headers: requestHeaders(req.rawHeaders, facts),
    body: null,
    upgrade: 'websocket',
    bodyTimeout: upstream.bodyTimeoutMs,
    servername: fixedServerName,
  }
  upstream.fresh.dispatch(options, new UpgradeExchange(req, res, plan, options, early))
}

class UpgradeExchange extends Exchange {
  private readonly early: Buffer

  constructor(
    req: IncomingMessage,
    res: ServerResponse,
    plan: ForwardPlan,
    options: DispatchOptions,
    early: Buffer,
  ) {
    super(req, res, plan, options)
    this.early = early
  }

  /** Any other answer than a switch may be as long as it likes, and is passed on like all others. */
  override onHeaders(status: number, raw: Buffer[], resume: () => void, reason: string): boolean {
    if (status >= 200 && this.res.socket !== null) noticeEnd(this.res.socket)
    return super.onHeaders(status, raw, resume, reason)
  }

  /** Throws if the upstream switched to something else; undici then closes its socket and calls `onError`. */
  onUpgrade(_status: number, raw: Buffer[], upstream: Duplex): void {
    if (!hasSwitchedToWebSocket(raw)) throw new Error('unwanted protocol')
    const { req, res, plan } = this
    const client = res.socket as Socket
    this.letGo()
    // Never written from here; it tells the log what became of the request.
    res.statusCode = 101
    res.detachSocket(client)
    client.write(switchingHead(this.headOf(raw).headers), 'latin1')
    if (this.early.length > 0) client.unshift(this.early)
    forgetHeaders(req)
    const close = openTunnel(client, upstream, plan)
    plan.onHead?.(101, true)
    const unlist = plan.live?.streams.add(plan.live.sessionId, plan.live.endsAt, 'websocket', close)
    client.on('close', () => unlist?.())
  }
}

/** The cookie of a session may be kilobytes, and what is left of the request stays as long as the tunnel. */
function forgetHeaders(req: IncomingMessage): void {
  const { host } = req.headers
  req.rawHeaders = []
  req.headers = { host }
}

function hasSwitchedToWebSocket(raw: readonly Buffer[]): boolean {
  const at = raw.findIndex((name, i) => i % 2 === 0 && /^upgrade$/i.test(name.toString('latin1')))
  return isWebSocketName(raw[at + 1]?.toString('latin1'))
}

function switchingHead(headers: readonly string[]): string {
  let head = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n'
  for (let i = 0; i < headers.length; i += 2) head += `${headers[i]}: ${headers[i + 1]}\r\n`
  return `${head}\r\n`
}
