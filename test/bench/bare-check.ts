/**
 * The least that a check can cost in Fastify: a route that reads nothing and answers the same to everybody. It is a measure,
 * not an endpoint to use. Arguments: the path, and the headers of its answer as JSON.
 */
import Fastify from 'fastify'
import { announce } from './announce.ts'

const [path = '', headers = '{}'] = process.argv.slice(2)
const fixed: Readonly<Record<string, string>> = JSON.parse(headers)

const app = Fastify({ logger: false, exposeHeadRoutes: false })
app.all(path, (_request, reply) => {
  reply.code(200).headers(fixed).send()
})
await app.ready()
announce(app.server)
