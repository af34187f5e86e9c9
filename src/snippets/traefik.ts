import type { SnippetFacts } from './facts.ts'
import { publicHosts } from './public-hosts.ts'
import { guardedService, posternService } from './service-name.ts'
import { keyWithList, listed } from './yaml-parts.ts'

/** A middleware and two routers for Traefik: what is guarded, and Postern's own endpoints. */
export function traefikSnippet(facts: SnippetFacts): string {
  const { prefix, headers, cookies } = facts
  const { names, scheme } = publicHosts(facts)
  const postern = posternService(facts)
  const app = guardedService(facts)
  const hosts = names.map((name) => `Host(\`${name}\`)`).join(' || ')
  const entry = scheme === 'https' ? 'entryPoints: [websecure]\n  tls: {}' : 'entryPoints: [web]'
  return `# For Traefik 3. In a file, the same keys stand in http.middlewares.postern, and the rules in http.routers.
apiVersion: traefik.io/v1alpha1
kind: Middleware
metadata: { name: postern, namespace: ${app.namespace} }
spec:
  forwardAuth:
    address: http://${postern.dns}:${postern.port}${prefix}/auth
    # Traefik says itself what was asked for; what a client claims about that is not passed on.
    trustForwardHeader: false
${copied(headers)}    # All names that a session may have, so that a renewed one reaches the browser. Postern's own configuration may then say
    # forward_auth: { preset: traefik, cookies: passed }.
    addAuthCookiesToResponse:
${listed(cookies, 6)}
---
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: { name: ${app.name}, namespace: ${app.namespace} }
spec:
  ${entry}
  routes:
    - kind: Rule
      match: ${hosts}
      middlewares: [{ name: postern }]
      services: [{ name: ${app.name}, port: ${app.port} }]
---
# Sign-in, callback and sign-out: without a check. The check itself goes the way above, where Postern denies it to clients,
# since its answer carries tokens. The longer rule goes first.
apiVersion: traefik.io/v1alpha1
kind: IngressRoute
metadata: { name: ${postern.name}, namespace: ${postern.namespace} }
spec:
  ${entry}
  routes:
    - kind: Rule
      match: (${hosts}) && PathPrefix(\`${prefix}/\`) && !PathPrefix(\`${prefix}/auth\`)
      services: [{ name: ${postern.name}, port: ${postern.port} }]
`
}

function copied(headers: readonly string[]): string {
  if (headers.length === 0) return ''
  return `    # Taken from Postern's answer; what the client sent under these names is deleted first. Not so with X_Auth_Request_User:
    # a service that reads _ as - (CGI, WSGI) has to refuse such names itself.
${keyWithList('authResponseHeaders', headers, 4)}`
}
