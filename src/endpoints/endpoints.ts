import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Answers } from '../gate/answer.ts'
import { targetOf } from '../gate/visit.ts'

/** A handler of one of our own endpoints. */
export type Endpoint = (request: FastifyRequest, reply: FastifyReply) => Promise<void> | void

/** Our own endpoints: path below the prefix, then method. Anything else below the prefix is 404 or 405. */
export type EndpointTable = Readonly<Record<string, Readonly<Record<string, Endpoint>>>>

/**
 * Registers the endpoints below the prefix, each for exactly its path and methods. They share one route: the router compiles
 * each of its routes once per method of HTTP, which held up the requests of others for 25 ms at every reload (measured).
 */
export function registerEndpoints(
  app: FastifyInstance,
  prefix: string,
  answers: Answers,
  table: EndpointTable,
): void {
  const endpoints = new Map(Object.entries(table).map(([path, handlers]) => [`${prefix}/${path}`, handlers]))

  app.all(`${prefix}/*`, async (request, reply) => {
    const { path } = targetOf(request)
    const handlers = endpoints.get(path)
    if (handlers !== undefined) request.visit.endpoint = path
    const endpoint = handlers?.[request.method]
    if (handlers === undefined) answers.notFound(request, reply, 'own-endpoint-unknown')
    else if (endpoint === undefined) answers.wrongMethod(request, reply, Object.keys(handlers))
    else await endpoint(request, reply)
    return reply
  })
}
