import { lowerCase, modeNote, readByCheck, toldOnDenial } from './check-headers.ts'
import type { SnippetFacts } from './facts.ts'
import { publicHosts } from './public-hosts.ts'
import { listed, scalar } from './yaml-parts.ts'

const types = 'type.googleapis.com/envoy.extensions'

/** A static configuration of Envoy with the ext_authz filter. */
export function envoySnippet(facts: SnippetFacts): string {
  const { prefix, address, service, headers, mode } = facts
  const { authorities, scheme } = publicHosts(facts)
  return `# envoy.yaml. Envoy faces the clients itself here.
${modeNote(mode)}static_resources:
  listeners:
    - name: public
      address: { socket_address: { address: 0.0.0.0, port_value: ${scheme === 'https' ? 443 : 80} } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                "@type": ${types}.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: public
                use_remote_address: true     # X-Forwarded-For and -Proto are Envoy's, not the client's
                normalize_path: true
                common_http_protocol_options:
                  # X_Auth_Request_User is another name to Envoy, but not to every service.
                  headers_with_underscores_action: REJECT_REQUEST
                upgrade_configs: [{ upgrade_type: websocket }]
                http_filters:
                  - name: envoy.filters.http.ext_authz
                    typed_config:
                      "@type": ${types}.filters.http.ext_authz.v3.ExtAuthz
                      failure_mode_allow: false
                      encode_raw_headers: true         # a repeated header is refused, not joined
                      # All that a decision reads; host, path, method and Authorization go along anyway.
                      allowed_headers:
${patterns(readByCheck, 24)}
                      http_service:
                        # Renewing a session takes a round trip to the provider.
                        server_uri: { uri: ${scalar(`http://${address}`)}, cluster: postern, timeout: 15s }
                        path_prefix: ${prefix}/auth
                        authorization_response:
${upstream(headers)}                          # Tokens and identity are never among what the browser gets.
                          allowed_client_headers:
${patterns(toldOnDenial, 28)}
                          # A renewed session. Postern's own configuration may then say
                          # forward_auth: { preset: envoy, cookies: passed }.
                          allowed_client_headers_on_success:
${patterns(['set-cookie'], 28)}
                  - name: envoy.filters.http.router
                    typed_config:
                      "@type": ${types}.filters.http.router.v3.Router
                route_config:
                  virtual_hosts:
                    - name: app
                      domains:
${listed(authorities, 24)}
                      routes:
                        # Nobody but Envoy may ask: the answer carries tokens.
                        - match: { prefix: ${prefix}/auth }
                          direct_response: { status: 404 }
                        # Sign-in, callback and sign-out: without a check.
                        - match: { prefix: ${prefix}/ }
                          route: { cluster: postern }
                          request_headers_to_remove: [x-forwarded-host]   # Postern would believe it
                          typed_per_filter_config:
                            envoy.filters.http.ext_authz:
                              "@type": ${types}.filters.http.ext_authz.v3.ExtAuthzPerRoute
                              disabled: true
                        - match: { prefix: / }
                          route: { cluster: app, timeout: 0s }
${certificate(scheme)}  clusters:
${cluster('postern', new URL(`http://${address}`))}
${cluster('app', new URL(service))}
`
}

function patterns(names: readonly string[], indent: number): string {
  const inner = names.map((name) => `${' '.repeat(indent + 2)}- exact: ${scalar(name)}`).join('\n')
  return `${' '.repeat(indent)}patterns:\n${inner}`
}

function upstream(headers: readonly string[]): string {
  if (headers.length === 0) return ''
  return `                          # Each replaces what the client sent under its name; Postern sends them even when they are empty.
                          allowed_upstream_headers:
${patterns(lowerCase(headers), 28)}
`
}

function certificate(scheme: string): string {
  if (scheme === 'http') return ''
  return `          transport_socket:
            name: envoy.transport_sockets.tls
            typed_config:
              "@type": ${types}.transport_sockets.tls.v3.DownstreamTlsContext
              common_tls_context:
                tls_certificates:
                  - certificate_chain: { filename: /etc/envoy/tls.crt }
                    private_key: { filename: /etc/envoy/tls.key }
`
}

function cluster(name: string, { hostname, port }: URL): string {
  const address = scalar(hostname.replace(/[[\]]/g, ''))
  return `    - name: ${name}
      type: STRICT_DNS
      load_assignment:
        cluster_name: ${name}
        endpoints:
          - lb_endpoints:
              - endpoint: { address: { socket_address: { address: ${address}, port_value: ${Number(port) || 80} } } }`
}
