import { performance } from 'node:perf_hooks'
import {
  type Context,
  createTraceState,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from '@opentelemetry/api'
import type {
  ProviderExchange,
  RequestSpan,
  SpanFacts,
  TraceHeaders,
  UpstreamExchange,
  UpstreamSpan,
} from '../core/request-span.ts'
import type { TraceContext } from '../core/trace-context.ts'
import { providerAttributes, requestAttributes, spanName, upstreamAttributes } from './attributes.ts'
import { currentSpan } from './current-span.ts'

/** The trace id was made at random (Trace Context level 2, section 3.2.2.5.2): whoever began the trace says so. */
const randomFlag = 2

/** Builds what begins the span of a request. */
export function createBeginSpan(tracer: Tracer): (parent: TraceContext | undefined) => RequestSpan {
  return (parent) => {
    const span = tracer.startSpan('HTTP', { kind: SpanKind.SERVER }, contextOf(parent))
    const context = trace.setSpan(ROOT_CONTEXT, span)
    const inherited = (parent?.flags ?? 0) & randomFlag
    let upstream: Span | undefined
    let endedAt = Number.POSITIVE_INFINITY
    const self: RequestSpan = {
      traceId: span.spanContext().traceId,
      run: (work) => currentSpan.run(self, work),
      beginUpstream,
      providerAnswered,
      end,
    }
    return self

    function beginUpstream(exchange: UpstreamExchange): UpstreamSpan {
      const { method, upstream: name } = exchange
      const begun = tracer.startSpan(spanName(method, name), { kind: SpanKind.CLIENT }, context)
      if (begun.isRecording()) begun.setAttributes(upstreamAttributes(exchange))
      upstream = begun
      return {
        headers: headersOf(begun, inherited),
        answered(status) {
          begun.setAttribute('http.response.status_code', status)
          if (status >= 400) fail(begun, String(status))
        },
        failed: (outcome) => fail(begun, outcome),
      }
    }

    function providerAnswered(exchange: ProviderExchange): void {
      const { method, operation, ms, outcome } = exchange
      // What goes on in the background, like discovery that is tried again, would prolong this trace without end.
      if (performance.now() - ms > endedAt) return
      const endTime = Date.now()
      const options = { kind: SpanKind.CLIENT, startTime: endTime - ms }
      const asked = tracer.startSpan(spanName(method, operation), options, context)
      asked.setAttributes(providerAttributes(exchange))
      if (outcome !== 'answered') asked.setStatus({ code: SpanStatusCode.ERROR })
      asked.end(endTime)
    }

    function end(facts: SpanFacts): void {
      endedAt = performance.now()
      upstream?.end()
      if (!span.isRecording()) return
      span.updateName(spanName(facts.method, facts.rule ?? facts.route))
      span.setAttributes(requestAttributes(facts))
      if (facts.status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
      span.end()
    }
  }
}

function contextOf(parent: TraceContext | undefined): Context {
  if (parent === undefined) return ROOT_CONTEXT
  const { traceId, parentId, flags, tracestate } = parent
  return trace.setSpanContext(ROOT_CONTEXT, {
    traceId,
    spanId: parentId,
    traceFlags: flags & 1,
    isRemote: true,
    ...(tracestate !== undefined && { traceState: createTraceState(tracestate) }),
  })
}

function headersOf(span: Span, inherited: number): TraceHeaders {
  const { traceId, spanId, traceFlags, traceState } = span.spanContext()
  const state = traceState?.serialize()
  return {
    traceparent: `00-${traceId}-${spanId}-0${traceFlags | inherited}`,
    ...(state && { tracestate: state }),
  }
}

function fail(span: Span, type: string): void {
  span.setAttribute('error.type', type)
  span.setStatus({ code: SpanStatusCode.ERROR })
}
