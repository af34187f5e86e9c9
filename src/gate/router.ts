import { METHODS } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'

/** The longest head that can be configured: any path that comes is one that the router has to read. */
const maxParamLength = 1_048_576

/**
 * Makes the router of one configuration. It listens to nothing itself: the listener hands it requests. It parses no body:
 * those of upstreams are streamed, our own endpoints take none.
 * @param onUnroutable Answers a request whose target the router cannot read.
 */
export function createRouter(
  onUnroutable: (request: FastifyRequest, reply: FastifyReply) => void,
): FastifyInstance {
  const router = Fastify({
    logger: false,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength, querystringParser: () => noQuery },
    frameworkErrors: (_error, request, reply) => onUnroutable(request, reply),
  })
  for (const method of METHODS) {
    if (method !== 'CONNECT') router.addHttpMethod(method, { overrideExisting: true } as object)
  }
  return router
}

const noQuery = Object.freeze({})
