import { lowerCase, modeNote, readByCheck } from './check-headers.ts'
import type { SnippetFacts } from './facts.ts'
import { grantFor, guardedRoute, posternRoute, referenceTo } from './gateway-routes.ts'
import { guardedService, posternService } from './service-name.ts'
import { keyWithList } from './yaml-parts.ts'

/** Routes of the Gateway API with a SecurityPolicy of Envoy Gateway. */
export function envoyGatewaySnippet(facts: SnippetFacts): string {
  const { name, namespace } = guardedService(facts)
  return `${modeNote(facts.mode)}${guardedRoute(facts, '')}---
apiVersion: gateway.envoyproxy.io/v1alpha1
kind: SecurityPolicy
metadata: { name: ${name}, namespace: ${namespace} }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: ${name} }]
  extAuth:
    failOpen: false
    timeout: 15s           # renewing a session takes a round trip to the provider
    # All that a decision reads; host, path, method and Authorization go along anyway.
${keyWithList('headersToExtAuth', readByCheck, 4)}    http:
      backendRefs: [${referenceTo(posternService(facts))}]
      path: ${facts.prefix}/auth
${copied(facts.headers)}---
${posternRoute(facts)}${grantFor(facts, { group: 'gateway.envoyproxy.io', kind: 'SecurityPolicy' })}`
}

function copied(headers: readonly string[]): string {
  if (headers.length === 0) return ''
  return `      # Each replaces what the client sent under its name; Postern sends them even when they are empty. Set-Cookie of an
      # allowing answer has no way to the browser, which Postern reckons with.
${keyWithList('headersToBackend', lowerCase(headers), 6)}`
}
