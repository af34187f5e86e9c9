import { Agent as HttpAgent } from 'node:http'
import { Agent as HttpsAgent } from 'node:https'
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http'
import { resourceFromAttributes } from '@opentelemetry/resources'
import {
  BatchSpanProcessor,
  ParentBasedSampler,
  TraceIdRatioBasedSampler,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import type { Logger } from 'pino'
import type { RequestSpan } from '../core/request-span.ts'
import type { TraceContext } from '../core/trace-context.ts'
import { withOutageLog } from './outages.ts'
import { createBeginSpan } from './spans.ts'

/** The `tracing` section of the configuration. */
export type TracingConfig = Readonly<{
  /** Where spans are sent, path included. */
  otlp_endpoint: string
  /** The share of traces that begin here and are recorded, from 0 to 1. */
  sample: number
  service_name: string
  headers: Readonly<Record<string, string>>
  tls: Readonly<{ ca?: string | undefined }>
}>

export type TracingSurroundings = Readonly<{
  logger: Pick<Logger, 'warn' | 'info'>
  sleep: (ms: number) => Promise<unknown>
}>

/** What traces requests. */
export type Tracing = Readonly<{
  /** Begins the span of a request: in the trace that its sender began, or in a new one. */
  begin: (parent: TraceContext | undefined) => RequestSpan
  /** Sends what is left, and waits for that, but not for long. */
  close: () => Promise<void>
}>

/** For one attempt to send, and those after it. */
const sendWithinMs = 5_000
/** What is left at the end is lost when it takes longer. */
const flushWithinMs = 1_500

/** What waits to be sent: no more than this is kept in memory, the rest is lost. */
const batching = {
  maxQueueSize: 2_048,
  maxExportBatchSize: 512,
  scheduledDelayMillis: 5_000,
  exportTimeoutMillis: 10_000,
}

/** Makes it; nothing is sent before a request is over. */
export function createTracing(config: TracingConfig, { logger, sleep }: TracingSurroundings): Tracing {
  const agent = agentFor(config)
  const exporter = new OTLPTraceExporter({
    url: config.otlp_endpoint,
    headers: { ...config.headers },
    timeoutMillis: sendWithinMs,
    httpAgentOptions: () => agent,
  })
  const provider = new TracerProvider({
    resource: resourceFromAttributes({ 'service.name': config.service_name, 'process.pid': process.pid }),
    sampler: new ParentBasedSampler({ root: new TraceIdRatioBasedSampler(config.sample) }),
    spanProcessors: [new BatchSpanProcessor({ exporter: withOutageLog(exporter, logger), ...batching })],
  })
  return {
    begin: createBeginSpan(provider.getTracer('postern')),
    async close() {
      // That something cannot be sent has been logged by then.
      const sent = provider.shutdown().catch(() => {})
      const isLate = await Promise.race([sent.then(() => false), sleep(flushWithinMs).then(() => true)])
      if (isLate) logger.warn({}, 'the last traces could not be sent in time')
      agent.destroy()
    },
  }
}

function agentFor({ otlp_endpoint: url, tls }: TracingConfig): HttpAgent {
  if (new URL(url).protocol === 'http:') return new HttpAgent({ keepAlive: true })
  return new HttpsAgent({
    keepAlive: true,
    rejectUnauthorized: true,
    ...(tls.ca !== undefined && { ca: tls.ca }),
  })
}
