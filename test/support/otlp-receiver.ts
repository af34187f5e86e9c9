import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http'
import { createServer as createTlsServer, type ServerOptions } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Test } from 'tap'

type Value = Readonly<{ stringValue?: string; intValue?: number; doubleValue?: number }>
type Attribute = Readonly<{ key: string; value: Value }>

/** A span as it was received, its attributes by name. */
export type ReceivedSpan = Readonly<{
  name: string
  traceId: string
  spanId: string
  parentSpanId?: string
  traceState?: string
  /** 2 is SERVER, 3 CLIENT. */
  kind: number
  startTimeUnixNano: string
  endTimeUnixNano: string
  status: Readonly<{ code: number; message?: string }>
  attributes: Readonly<Record<string, string | number>>
  resource: Readonly<Record<string, string | number>>
}>

/** A collector that takes traces by OTLP/HTTP with JSON. */
export type OtlpReceiver = Readonly<{
  origin: string
  requests: Readonly<{ path: string; headers: IncomingHttpHeaders; body: string }>[]
  spans: () => ReceivedSpan[]
  /** The one span of that name. */
  span: (name: string) => ReceivedSpan
}>

/** Starts one on loopback; `answer` is the status it answers with, or `nothing`, for ever. With a certificate it speaks TLS. */
export async function startOtlpReceiver(
  t: Test,
  answer: () => number | 'nothing' = () => 200,
  tls?: ServerOptions,
): Promise<OtlpReceiver> {
  const requests: OtlpReceiver['requests'] = []
  const listener: RequestListener = async (request, response) => {
    const chunks: Buffer[] = []
    for await (const chunk of request) chunks.push(chunk)
    const body = Buffer.concat(chunks).toString()
    requests.push({ path: request.url as string, headers: request.headers, body })
    const status = answer()
    if (status === 'nothing') return
    response.writeHead(status, { 'content-type': 'application/json' }).end('{}')
  }
  const server = tls === undefined ? createServer(listener) : createTlsServer(tls, listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  t.teardown(() => {
    server.close()
    server.closeAllConnections()
  })
  const spans = () => requests.flatMap(({ body }) => spansIn(body))
  return {
    origin: `http${tls === undefined ? '://127.0.0.1' : 's://localhost'}:${(server.address() as AddressInfo).port}`,
    requests,
    spans,
    span(name) {
      const found = spans().filter((span) => span.name === name)
      const names = spans().map((span) => span.name)
      t.equal(found.length, 1, `one span ${name} among ${names.join(', ')}`)
      return found[0] as ReceivedSpan
    },
  }
}

type Body = Readonly<{
  resourceSpans: readonly Readonly<{
    resource: Readonly<{ attributes: readonly Attribute[] }>
    scopeSpans: readonly Readonly<{
      spans: readonly (Omit<ReceivedSpan, 'attributes' | 'resource'> & { attributes: readonly Attribute[] })[]
    }>[]
  }>[]
}>

function spansIn(body: string): ReceivedSpan[] {
  const { resourceSpans } = JSON.parse(body) as Body
  return resourceSpans.flatMap(({ resource, scopeSpans }) =>
    scopeSpans.flatMap(({ spans }) =>
      spans.map((span) => ({
        ...span,
        attributes: byName(span.attributes),
        resource: byName(resource.attributes),
      })),
    ),
  )
}

function byName(attributes: readonly Attribute[]): Record<string, string | number> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key, value.stringValue ?? value.intValue ?? value.doubleValue ?? '']),
  )
}
