import type { SnippetFacts } from './facts.ts'
import { publicHosts } from './public-hosts.ts'
import { guardedService, posternService, type Service } from './service-name.ts'
import { listed } from './yaml-parts.ts'

/** The route to the guarded service, the check path included: there Postern denies it to clients. */
export function guardedRoute(facts: SnippetFacts, filters: string): string {
  const app = guardedService(facts)
  return `apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${app.name}, namespace: ${app.namespace} }
spec:
${parentAndHosts(facts)}
  rules:
    - matches:
        - path: { type: PathPrefix, value: / }
        # Guarded as well, so that no client can ask: the answer carries tokens, and Postern lets nothing through here.
        - path: { type: PathPrefix, value: ${facts.prefix}/auth }
${filters}      backendRefs: [{ name: ${app.name}, port: ${app.port} }]
`
}

/** The route to Postern's own endpoints. */
export function posternRoute(facts: SnippetFacts): string {
  const postern = posternService(facts)
  return `# Sign-in, callback and sign-out: without a check.
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: { name: ${postern.name}, namespace: ${postern.namespace} }
spec:
${parentAndHosts(facts)}
  rules:
    - matches: [{ path: { type: PathPrefix, value: ${facts.prefix} } }]
      filters:
        # Postern would believe it, and not every gateway replaces what the client sent.
        - type: RequestHeaderModifier
          requestHeaderModifier: { remove: [x-forwarded-host] }
      backendRefs: [{ name: ${postern.name}, port: ${postern.port} }]
`
}

/** What lets another namespace name Postern's Service; nothing where both are in one. */
export function grantFor(facts: SnippetFacts, from: Readonly<{ group: string; kind: string }>): string {
  const postern = posternService(facts)
  const app = guardedService(facts)
  if (postern.namespace === app.namespace) return ''
  return `---
# Lets the namespace of the service ask Postern, which is in another one.
apiVersion: gateway.networking.k8s.io/v1beta1
kind: ReferenceGrant
metadata: { name: ${postern.name}-${app.namespace}, namespace: ${postern.namespace} }
spec:
  from: [{ group: ${from.group}, kind: ${from.kind}, namespace: ${app.namespace} }]
  to: [{ group: "", kind: Service, name: ${postern.name} }]
`
}

/** A reference to Postern from the namespace of the guarded service. */
export function referenceTo({ name, namespace, port }: Service): string {
  return `{ name: ${name}, namespace: ${namespace}, port: ${port} }`
}

function parentAndHosts(facts: SnippetFacts): string {
  return `  parentRefs: [{ name: public, namespace: gateway }]     # your Gateway
  hostnames:
${listed(publicHosts(facts).names, 4)}`
}
