import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import {
  type AuthorizationServer,
  resourceMetadata,
  resourceMetadataPath,
} from '../core/protected-resource.ts'
import { type CanonicalPath, isPlain } from '../core/request-path.ts'
import type { RuleTable } from '../core/rules.ts'
import type { Answers } from '../gate/answer.ts'
import type { Respond } from '../gate/respond.ts'
import { originOf, targetOf } from '../gate/visit.ts'

type ResourceMetadataOptions = Readonly<{
  rules: RuleTable
  servers: readonly AuthorizationServer[]
  defaultScheme: 'http' | 'https'
  respond: Respond
  answers: Answers
}>

/** For everybody, scripts of any page included: it says nothing about anybody. */
const readableByAll = Object.freeze({ 'access-control-allow-origin': '*' })
/** Clients in browsers add headers of their own, about which they have to ask first. */
const askableByAll = Object.freeze({
  ...readableByAll,
  'access-control-allow-methods': 'GET, HEAD',
  'access-control-allow-headers': '*',
  'access-control-max-age': '600',
})

/**
 * `GET /.well-known/oauth-protected-resource[/path]`: which authorization servers and scopes the resource at this path
 * takes tokens of, so that a client can find them by itself. 404 where no route takes bearer tokens.
 * @see RFC 9728 section 3
 */
export function registerResourceMetadata(app: FastifyInstance, options: ResourceMetadataOptions): void {
  const { rules, servers, defaultScheme, respond, answers } = options
  app.all(resourceMetadataPath, metadata)
  app.all(`${resourceMetadataPath}/*`, metadata)

  async function metadata(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    if (request.method === 'GET' || request.method === 'HEAD') tell(request, reply)
    else if (request.method === 'OPTIONS') {
      respond.empty(request, reply, { reason: 'preflight', headers: askableByAll })
    } else answers.wrongMethod(request, reply, ['GET', 'HEAD', 'OPTIONS'])
    return reply
  }

  function tell(request: FastifyRequest, reply: FastifyReply): void {
    const target = targetOf(request)
    const resourcePath = target.path.slice(resourceMetadataPath.length)
    const document = isPlain(target) ? documentFor(request, resourcePath) : undefined
    if (document === undefined) answers.notFound(request, reply, 'resource-unknown')
    else {
      const facts = { reason: 'resource-metadata', headers: readableByAll }
      respond.json(request, reply, 200, JSON.stringify(document), facts)
    }
  }

  function documentFor(request: FastifyRequest, path: string) {
    const host = request.visit.origin.host as string
    const found = rules.rulesAt(host, (path === '' ? '/' : path) as CanonicalPath)
    return resourceMetadata(originOf(request, defaultScheme), path, found, servers)
  }
}
