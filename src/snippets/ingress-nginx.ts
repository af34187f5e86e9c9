import type { SnippetFacts } from './facts.ts'
import { publicHosts } from './public-hosts.ts'
import { guardedService, posternService, type Service } from './service-name.ts'
import { listed, scalar } from './yaml-parts.ts'

/** Two Ingresses for ingress-nginx: what is guarded, and Postern's own endpoints. */
export function ingressNginxSnippet(facts: SnippetFacts): string {
  const { prefix, headers } = facts
  const { names, authorities, scheme } = publicHosts(facts)
  const postern = posternService(facts)
  const app = guardedService(facts)
  const host = authorities.some((authority) => authority.includes(':')) ? '$http_host' : '$host'
  const signIn = `${scheme}://${host}${prefix}/start?rd=$escaped_request_uri`
  return `# For ingress-nginx, which is retired; what runs goes on working with these annotations.
# Sessions are large cookies: its ConfigMap should say large-client-header-buffers: "8 32k".
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${app.name}
  namespace: ${app.namespace}
  annotations:
    # Asked inside the cluster. The controller tells of the request in X-Original-URL and X-Original-Method. It lets an
    # X-Forwarded-Uri of the client through; Postern refuses one that says something else.
    nginx.ingress.kubernetes.io/auth-url: http://${postern.dns}:${postern.port}${prefix}/auth
    # Whatever is 401 is sent here, scripts too: leave it out of an Ingress for an API.
    nginx.ingress.kubernetes.io/auth-signin: ${scalar(signIn)}
${copied(headers)}    nginx.ingress.kubernetes.io/proxy-buffer-size: 32k
    # There is no auth-cache-key: a decision is for one path and one method.
spec:
  ingressClassName: nginx
${tls(scheme, names, app)}  rules:
${names.map((name) => rule(name, ['/', `${prefix}/auth`], app)).join('\n')}
---
# Sign-in, callback and sign-out: without a check. The check itself is not here but above, where Postern denies it to
# clients, since its answer carries tokens.
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: ${postern.name}
  namespace: ${postern.namespace}
  annotations:
    nginx.ingress.kubernetes.io/proxy-buffer-size: 32k
spec:
  ingressClassName: nginx
  rules:
${names.map((name) => rule(name, [prefix], postern)).join('\n')}
`
}

function copied(headers: readonly string[]): string {
  if (headers.length === 0) return ''
  return `    # The controller sets each of these from Postern's answer, and so replaces what the client sent.
    nginx.ingress.kubernetes.io/auth-response-headers: ${scalar(headers.join(', '))}
`
}

function tls(scheme: string, names: readonly string[], { name }: Service): string {
  if (scheme === 'http') return ''
  return `  tls:
    - secretName: ${name}-tls
      hosts:
${listed(names, 8)}
`
}

function rule(host: string, paths: readonly string[], { name, port }: Service): string {
  const backend = `{ service: { name: ${name}, port: { number: ${port} } } }`
  return `    - host: ${host}
      http:
        paths:
${paths.map((path) => `          - { path: ${path}, pathType: Prefix, backend: ${backend} }`).join('\n')}`
}
