import { lowerCase, modeNote, readByCheck } from './check-headers.ts'
import type { SnippetFacts } from './facts.ts'
import { grantFor, guardedRoute, posternRoute, referenceTo } from './gateway-routes.ts'
import { posternService } from './service-name.ts'
import { keyWithList } from './yaml-parts.ts'

/** Routes of the Gateway API with its ExternalAuth filter. */
export function gatewayApiSnippet(facts: SnippetFacts): string {
  return `# The ExternalAuth filter is in the experimental channel of Gateway API 1.4 and later (GEP-1494), and not in every implementation;
# Envoy Gateway has its own way: postern print envoy-gateway.
${modeNote(facts.mode)}${guardedRoute(facts, filter(facts))}---
${posternRoute(facts)}${grantFor(facts, { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute' })}`
}

function filter(facts: SnippetFacts): string {
  return `      filters:
        - type: ExternalAuth
          externalAuth:
            protocol: HTTP
            backendRef: ${referenceTo(posternService(facts))}
            http:
              path: ${facts.prefix}/auth
              # All that a decision reads; host, path, method and Authorization go along anyway.
${keyWithList('allowedHeaders', readByCheck, 14)}${copied(facts.headers)}`
}

function copied(headers: readonly string[]): string {
  if (headers.length === 0) return ''
  return `              # What the service gets, in place of what the client sent; Postern sends them even when they are empty. The list has
              # no way to the browser, so that Set-Cookie of an allowing answer is lost, which Postern reckons with.
${keyWithList('allowedResponseHeaders', lowerCase(headers), 14)}`
}
