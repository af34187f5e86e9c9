import { lowerCase, modeNote, readByCheck, toldOnDenial } from './check-headers.ts'
import type { SnippetFacts } from './facts.ts'
import { publicHosts } from './public-hosts.ts'
import { guardedService, posternService } from './service-name.ts'
import { keyWithList, listed } from './yaml-parts.ts'

/** What makes the gateway of an Istio mesh ask: an extension provider, a policy and the routes. */
export function istioSnippet(facts: SnippetFacts): string {
  const { prefix, headers, mode } = facts
  const { names } = publicHosts(facts)
  const postern = posternService(facts)
  const app = guardedService(facts)
  return `# Not for kubectl: a part of the mesh configuration, for istioctl install -f. With Helm, meshConfig is a value of istiod.
${modeNote(mode)}apiVersion: install.istio.io/v1alpha1
kind: IstioOperator
spec:
  meshConfig:
    extensionProviders:
      - name: postern
        envoyExtAuthzHttp:
          service: ${postern.dns}
          port: ${postern.port}
          pathPrefix: ${prefix}/auth
          timeout: 15s           # renewing a session takes a round trip to the provider
          failOpen: false
          # All that a decision reads; host, path, method and Authorization go along anyway.
${keyWithList('includeRequestHeadersInCheck', readByCheck, 10)}${upstream(headers)}          # Tokens and identity are never among what the browser gets.
${keyWithList('headersToDownstreamOnDeny', toldOnDenial, 10)}          # A renewed session. Postern's own configuration may then say forward_auth: { preset: envoy, cookies: passed }.
${keyWithList('headersToDownstreamOnAllow', ['set-cookie'], 10)}---
# The gateway asks about everything but Postern's own endpoints. A host that is missing here is not guarded: with and
# without a port are two hosts to Istio.
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: { name: postern, namespace: istio-system }
spec:
  selector: { matchLabels: { istio: ingressgateway } }
  action: CUSTOM
  provider: { name: postern }
  rules:
    - to:
        - operation:
            notPaths: ["${prefix}/*"]
            hosts:
${listed(
  names.flatMap((name) => [name, `${name}:*`]),
  14,
)}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: { name: ${app.name}, namespace: ${app.namespace} }
spec:
  gateways: [istio-system/public]          # the Gateway with your hosts and certificate
  hosts:
${listed(names, 4)}
  http:
    # Nobody but the gateway may ask: the answer carries tokens.
    - match: [{ uri: { prefix: ${prefix}/auth } }]
      directResponse: { status: 404 }
    - match: [{ uri: { prefix: ${prefix}/ } }]
      headers: { request: { remove: [x-forwarded-host] } }     # Postern would believe it
      route: [{ destination: { host: ${postern.dns}, port: { number: ${postern.port} } } }]
    - route: [{ destination: { host: ${app.dns}, port: { number: ${app.port} } } }]
`
}

function upstream(headers: readonly string[]): string {
  if (headers.length === 0) return ''
  return `          # Each replaces what the client sent under its name; Postern sends them even when they are empty.
${keyWithList('headersToUpstreamOnAllow', lowerCase(headers), 10)}`
}
