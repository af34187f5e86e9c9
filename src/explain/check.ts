import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { registerChecks } from '../checks.ts'
import type { Config } from '../config/schema.ts'

/** Answers a check. */
export type CheckHandler = (request: FastifyRequest, reply: FastifyReply) => void

/** The auth endpoint of a configuration, as it answers the proxies that ask; there is no app to register it in. */
export function checkHandler(
  section: NonNullable<Config['forward_auth']>,
  parts: Parameters<typeof registerChecks>[2],
): CheckHandler {
  const handlers: CheckHandler[] = []
  const app = { all: (_path: string, handler: CheckHandler) => handlers.push(handler) }
  registerChecks(app as unknown as FastifyInstance, section, parts)
  return handlers[0] as CheckHandler
}
