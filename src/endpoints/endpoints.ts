import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Answers } from '../gate/answer.ts'

/** A handler of one of our own endpoints. */
export type Endpoint = (request: FastifyRequest, reply: FastifyReply) => Promise<void> | void

/** Our own endpoints: path below the prefix, then method. Anything else below the prefix is 404 or 405. */
export type EndpointTable = Readonly<Record<string, Readonly<Record<string, Endpoint>>>>

/** Registers the endpoints below the prefix, each for exactly its path and methods. */
export function registerEndpoints(
  app: FastifyInstance,
  prefix: string,
  answers: Answers,
  table: EndpointTable,
): void {
  for (const [path, handlers] of Object.entries(table)) {
    const allow = Object.keys(handlers)
    app.all(`${prefix}/${path}`, async (request, reply) => {
      const endpoint = handlers[request.method]
      if (endpoint === undefined) answers.wrongMethod(request, reply, allow)
      else await endpoint(request, reply)
      return reply
    })
  }
}
