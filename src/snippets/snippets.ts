import type { Preset } from '../config/schema-forward-auth.ts'
import { caddySnippet } from './caddy.ts'
import { envoySnippet } from './envoy.ts'
import { envoyGatewaySnippet } from './envoy-gateway.ts'
import type { Snippet } from './facts.ts'
import { gatewayApiSnippet } from './gateway-api.ts'
import { haproxyLua, haproxySnippet } from './haproxy.ts'
import { ingressNginxSnippet } from './ingress-nginx.ts'
import { istioSnippet } from './istio.ts'
import { nginxSnippet } from './nginx.ts'
import { traefikSnippet } from './traefik.ts'

/** What can be printed: for which preset it is, the text, and what comments begin with there. */
type Kind = Readonly<{ preset: Preset; snippet: Snippet; comment?: '--' }>

/** Every proxy that a snippet can be printed for, by the name on the command line. */
export const snippets: Readonly<Record<string, Kind>> = {
  nginx: { preset: 'nginx', snippet: nginxSnippet },
  'ingress-nginx': { preset: 'ingress-nginx', snippet: ingressNginxSnippet },
  traefik: { preset: 'traefik', snippet: traefikSnippet },
  caddy: { preset: 'caddy', snippet: caddySnippet },
  haproxy: { preset: 'haproxy', snippet: haproxySnippet },
  'haproxy-lua': { preset: 'haproxy', snippet: haproxyLua, comment: '--' },
  envoy: { preset: 'envoy', snippet: envoySnippet },
  'envoy-gateway': { preset: 'envoy', snippet: envoyGatewaySnippet },
  'gateway-api': { preset: 'envoy', snippet: gatewayApiSnippet },
  istio: { preset: 'envoy', snippet: istioSnippet },
}
