import type { Test } from 'tap'
import type { Gateway, GatewayOptions } from '../support/gateway.ts'
import type { Field } from '../support/http2-frames.ts'
import { connectWire, type Http2Wire } from '../support/http2-wire.ts'
import { ask } from '../support/scene.ts'
import { type Answer, answerOf } from './wire.ts'

/**
 * Sends a request, written as HTTP/1.1 writes it: method and target, then header lines. The Host is the gateway's unless it is
 * one of them. The status of no answer is 0.
 */
export type Ask = (line: string, lines?: readonly string[], body?: string) => Promise<Answer>

/** A way that requests reach the gateway. */
export type Delivery = Readonly<{
  /** What a family is called when it comes this way. */
  named: (family: string) => string
  /** What the gateway needs for it. */
  options: Pick<GatewayOptions, 'isTls'>
  /** There are no offers to upgrade in HTTP/2, and what is malformed there is reset without an answer. */
  version: 1 | 2
  open: (t: Test, gateway: Gateway) => Ask
}>

const none: Answer = { status: 0, headers: [], body: '' }

/** Each request on a connection of its own, without TLS. */
export const http1: Delivery = {
  named: (family) => family,
  options: {},
  version: 1,
  open: (_t, gateway) => async (line, lines, body) => {
    const bytes = await ask(gateway, line, lines, body)
    return bytes === '' ? none : answerOf(bytes)
  },
}

/** Streams of one connection, for as long as it lasts. */
export const http2: Delivery = {
  named: (family) => `${family}, HTTP/2`,
  options: { isTls: true },
  version: 2,
  open: (t, gateway) => {
    let wire: Http2Wire | undefined
    return async (line, lines = [], body = '') => {
      if (wire === undefined || wire.isOver() || wire.goaway() !== undefined)
        wire = await connectWire(t, gateway)
      const stream = wire.request(fieldsOf(gateway, line, lines), body === '' ? undefined : body)
      const { status = 0, headers, body: text } = await wire.answer(stream)
      return { status, headers, body: text }
    }
  },
}

/** The same request as fields: names in lower case, the Host as `:authority`, and nothing about the connection to come. */
function fieldsOf(gateway: Gateway, line: string, lines: readonly string[]): Field[] {
  const blank = line.indexOf(' ')
  const fields = lines.map(fieldOf).filter(([name, value]) => name !== 'connection' || value !== 'close')
  const [first, ...others] = fields.filter(([name]) => name === 'host')
  return [
    [':method', line.slice(0, blank)],
    [':scheme', 'https'],
    [':authority', first?.[1] ?? gateway.origin.replace('https://', '')],
    [':path', line.slice(blank + 1)],
    ...fields.filter(([name]) => name !== 'host'),
    ...others,
  ]
}

function fieldOf(line: string): Field {
  const colon = line.indexOf(':')
  return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^[ \t]+/, '')]
}
