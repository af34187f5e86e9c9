import type { Preset } from '../config/schema-forward-auth.ts'
import { envoySnippet } from './envoy.ts'
import { envoyGatewaySnippet } from './envoy-gateway.ts'
import type { Snippet } from './facts.ts'
import { gatewayApiSnippet } from './gateway-api.ts'
import { ingressNginxSnippet } from './ingress-nginx.ts'
import { istioSnippet } from './istio.ts'
import { nginxSnippet } from './nginx.ts'
import { traefikSnippet } from './traefik.ts'

/** What can be printed: for which preset it is, and the text. */
type Kind = Readonly<{ preset: Preset; snippet: Snippet }>

/** Every proxy that a snippet can be printed for, by the name on the command line. */
export const snippets: Readonly<Record<string, Kind>> = {
  nginx: { preset: 'nginx', snippet: nginxSnippet },
  'ingress-nginx': { preset: 'ingress-nginx', snippet: ingressNginxSnippet },
  traefik: { preset: 'traefik', snippet: traefikSnippet },
  envoy: { preset: 'envoy', snippet: envoySnippet },
  'envoy-gateway': { preset: 'envoy', snippet: envoyGatewaySnippet },
  'gateway-api': { preset: 'envoy', snippet: gatewayApiSnippet },
  istio: { preset: 'envoy', snippet: istioSnippet },
}
