/**
 * The least that a check can cost in Fastify: a route that reads nothing and answers the same to everybody. It is a measure,
 * not an endpoint to use. Arguments: the path, the headers of its answer as JSON, and how many processes serve.
 */
import cluster from 'node:cluster'
import Fastify from 'fastify'
import { announce } from './announce.ts'

const [path = '', headers = '{}', workers = '1'] = process.argv.slice(2)

if (cluster.isPrimary && workers !== '1') startWorkers(Number(workers))
else await serve(JSON.parse(headers))

async function serve(fixed: Readonly<Record<string, string>>): Promise<void> {
  const app = Fastify({ logger: false, exposeHeadRoutes: false })
  app.all(path, (_request, reply) => {
    reply.code(200).headers(fixed).send()
  })
  await app.ready()
  announce(app.server)
}

/** Workers that listen on port 0 get the same port. */
function startWorkers(count: number): void {
  let listening = 0
  cluster.on('listening', (_worker, { port }) => {
    if (++listening === count) process.send?.({ url: `http://127.0.0.1:${port}` })
  })
  process.on('disconnect', () => process.exit())
  for (let number = 0; number < count; number++) cluster.fork()
}
