import Fastify, { type FastifyBaseLogger, type FastifyInstance, LogController } from 'fastify'

/** Whether the gateway can do its work, check by check; a `reason` is plain text for an operator. */
export type Readiness = Readonly<{
  ready: boolean
  checks: Readonly<Record<string, Readonly<{ ok: boolean; reason?: string }>>>
}>

/** What a scrape is answered with; see src/metrics/exposition.ts. */
type Exposition = Readonly<{ contentType: string; text: () => Promise<string> }>

/**
 * The admin listener: `/healthz` says the process is alive, `/readyz` whether it should get traffic, and why not,
 * `/metrics` what Prometheus asks for, where there are any. Everything else is 404; it has no part in the public listener.
 */
export function createAdmin(options: {
  readiness: () => Readiness
  metrics?: Exposition | undefined
  logger?: FastifyBaseLogger
}): FastifyInstance {
  const admin = Fastify({
    ...(options.logger && { loggerInstance: options.logger }),
    // Probes come every few seconds; a line for each would drown the log.
    logController: new LogController({ disableRequestLogging: true }),
    forceCloseConnections: true,
  })
  admin.addHook('onRequest', async (_request, reply) => {
    reply.headers({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' })
  })
  admin.get('/healthz', async () => ({ status: 'alive' }))
  admin.get('/readyz', async (_request, reply) => {
    const { ready, checks } = options.readiness()
    if (ready) return { status: 'ready', checks }
    return reply.code(503).send({ status: 'not-ready', reasons: reasons(checks), checks })
  })
  const { metrics } = options
  if (metrics !== undefined) {
    admin.get('/metrics', async (_request, reply) =>
      reply.type(metrics.contentType).send(await metrics.text()),
    )
  }
  admin.setNotFoundHandler(async (_request, reply) => reply.code(404).send({ error: 'not_found' }))
  return admin
}

function reasons(checks: Readiness['checks']): string[] {
  return Object.entries(checks)
    .filter(([, check]) => !check.ok)
    .map(([name, check]) => (check.reason === undefined ? name : `${name}: ${check.reason}`))
}
