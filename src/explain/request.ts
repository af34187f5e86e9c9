import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { FastifyReply, FastifyRequest } from 'fastify'

/** A request to be explained, as it would come. */
export type AskedRequest = Readonly<{
  method: string
  /** Absent where only a path was given. */
  scheme?: 'http' | 'https'
  /** As a client writes it in the Host line. */
  host: string
  /** Path and query, to the letter. */
  target: string
  /** The other header lines, in order. */
  headers: readonly Header[]
  /** The address it comes from. */
  client: string
}>

/** One header line. */
export type Header = readonly [name: string, value: string]

/**
 * Takes a URL apart without resolving anything in it, as what a request line may hold; a path alone is on `host`.
 * Undefined for anything else. The port that goes without saying is left out, as browsers do.
 */
export function splitUrl(
  url: string,
  host: string,
): Pick<AskedRequest, 'scheme' | 'host' | 'target'> | undefined {
  if (url.startsWith('/')) return { host, target: url }
  const [, written = '', named = '', rest = ''] = /^(https?):\/\/([^/?#]+)(.*)$/is.exec(url) ?? []
  if (named === '') return undefined
  const scheme = written.toLowerCase() as 'http' | 'https'
  const target = rest.startsWith('/') ? rest : `/${rest}`
  return { scheme, host: named.replace(scheme === 'https' ? /:443$/ : /:80$/, ''), target }
}

/** Values of these come once; Node keeps the first (and the gateway refuses what repeats Host or Authorization). */
const single: ReadonlySet<string> = new Set([
  ...['authorization', 'content-length', 'content-type', 'host', 'referer', 'user-agent'],
])

/** The request as the gate takes it from the server; nothing is behind its socket. */
export function arrivalOf({ method, host, target, headers, client }: AskedRequest): FastifyRequest {
  const isHostGiven = headers.some(([name]) => name.toLowerCase() === 'host')
  const lines: readonly Header[] = isHostGiven ? headers : [['Host', host], ...headers]
  const raw: Partial<IncomingMessage> = {
    method,
    url: target,
    httpVersion: '1.1',
    rawHeaders: lines.flat(),
    headers: joined(lines),
    socket: Object.assign(new EventEmitter(), { remoteAddress: client }) as IncomingMessage['socket'],
  }
  return { raw, method, headers: raw.headers } as FastifyRequest
}

/** The reply that goes with it, as far as it is written to past `createRespond`: what proxies that ask are told. */
export function replyOf(tell: (status: number, headers: Record<string, string>) => void): FastifyReply {
  const end = () => {}
  const writeHead = (status: number, head: readonly string[]) => {
    const pairs = head.flatMap((name, index) => (index % 2 === 0 ? [[name, head[index + 1] as string]] : []))
    tell(status, Object.fromEntries(pairs.filter(([name]) => name !== 'content-length')))
    return { end }
  }
  return { raw: Object.assign(new EventEmitter(), { writeHead }) } as unknown as FastifyReply
}

function joined(lines: readonly Header[]): IncomingMessage['headers'] {
  const headers: Record<string, string> = {}
  for (const [written, value] of lines) {
    const name = written.toLowerCase()
    const before = headers[name]
    if (before === undefined) headers[name] = value
    else if (!single.has(name)) headers[name] = `${before}${name === 'cookie' ? '; ' : ', '}${value}`
  }
  return headers
}
