import t, { type Test } from 'tap'
import { parseDocument } from 'yaml'
import type { Parsed } from '../support/parsed.ts'
import { decidedBy } from './decided-by.ts'
import { type End, otherHeaders, places, print, testEnds, usualHeaders } from './support.ts'

const preset = 'envoy'

/** What may stand where, by the documentation of the v3 API; there is no Envoy here to ask. */
const fields: Readonly<Record<string, readonly string[]>> = {
  HttpConnectionManager: [
    ...['@type', 'stat_prefix', 'use_remote_address', 'normalize_path', 'common_http_protocol_options'],
    ...['upgrade_configs', 'http_filters', 'route_config'],
  ],
  ExtAuthz: ['@type', 'failure_mode_allow', 'encode_raw_headers', 'allowed_headers', 'http_service'],
  HttpService: ['server_uri', 'path_prefix', 'authorization_response'],
  AuthorizationResponse: [
    ...['allowed_upstream_headers', 'allowed_client_headers', 'allowed_client_headers_on_success'],
  ],
  ExtAuthzPerRoute: ['@type', 'disabled'],
  Route: ['match', 'route', 'direct_response', 'request_headers_to_remove', 'typed_per_filter_config'],
  Cluster: ['name', 'type', 'load_assignment'],
}

function configuration(t: Test, ...given: Parameters<typeof print>): Parsed {
  const document = parseDocument(print(...given))
  t.strictSame([...document.errors, ...document.warnings], [], 'it is YAML')
  return document.toJS()
}

function partsOf(config: Parsed) {
  const [listener] = config.static_resources.listeners
  const [chain] = listener.filter_chains
  const manager = chain.filters[0].typed_config
  const authz = manager.http_filters[0].typed_config
  const [virtualHost] = manager.route_config.virtual_hosts
  return { listener, chain, manager, authz, virtualHost, routes: virtualHost.routes as Parsed[] }
}

const names = (list: Parsed): string[] => list.patterns.map(({ exact }: { exact: string }) => exact)

/** The first route whose prefix matches. */
function endOf(routes: readonly Parsed[], path: string): End {
  const { direct_response, typed_per_filter_config: own } = routes.find(({ match }) =>
    path.startsWith(match.prefix),
  )
  if (direct_response !== undefined) return 'refused'
  return own?.['envoy.filters.http.ext_authz'].disabled === true ? 'postern' : 'checked'
}

t.test('the fields are those of the v3 API', async (t) => {
  const config = configuration(t, preset, { preset })
  const { manager, authz, routes } = partsOf(config)
  const known = (name: string, value: object) =>
    t.strictSame(
      Object.keys(value).filter((key) => !fields[name]?.includes(key)),
      [],
      name,
    )
  known('HttpConnectionManager', manager)
  known('ExtAuthz', authz)
  known('HttpService', authz.http_service)
  known('AuthorizationResponse', authz.http_service.authorization_response)
  for (const route of routes) known('Route', route)
  known('ExtAuthzPerRoute', routes[1].typed_per_filter_config['envoy.filters.http.ext_authz'])
  for (const cluster of config.static_resources.clusters) known('Cluster', cluster)
  t.strictSame(
    manager.http_filters.map(({ name }: { name: string }) => name),
    ['envoy.filters.http.ext_authz', 'envoy.filters.http.router'],
    'the check is before the router, which is last',
  )
})

t.test('whatever goes wrong is a denial', async (t) => {
  const { authz } = partsOf(configuration(t, preset, { preset }))
  t.equal(authz.failure_mode_allow, false)
  t.equal(authz.encode_raw_headers, true)
  t.match(authz.http_service.server_uri, { cluster: 'postern', timeout: '15s' })
  t.equal(authz.http_service.path_prefix, '/oauth2/auth')
})

t.test('what a client says of its own way here is not believed', async (t) => {
  const { manager, routes } = partsOf(configuration(t, preset, { preset }))
  t.equal(manager.use_remote_address, true)
  t.equal(manager.common_http_protocol_options.headers_with_underscores_action, 'REJECT_REQUEST')
  t.strictSame(routes.find(({ route }) => route?.cluster === 'postern').request_headers_to_remove, [
    'x-forwarded-host',
  ])
})

t.test('the check has all that a decision reads, and nothing that says what is asked for', async (t) => {
  decidedBy(t, names(partsOf(configuration(t, preset, { preset })).authz.allowed_headers))
})

t.test('the service gets the headers of the configuration, and the browser none of them', async (t) => {
  for (const [forwardAuth, headers] of [[{}, usualHeaders] as const, ...otherHeaders]) {
    const { authorization_response: answer } = partsOf(configuration(t, preset, { preset, forwardAuth }))
      .authz.http_service
    const lower = headers.map((name) => name.toLowerCase())
    t.strictSame(names(answer.allowed_upstream_headers), lower)
    const told = [...names(answer.allowed_client_headers), ...names(answer.allowed_client_headers_on_success)]
    t.strictSame(
      lower.filter((name) => told.includes(name)),
      [],
    )
  }
  const forwardAuth = { token: 'none', identity_headers: false }
  const { authz } = partsOf(configuration(t, preset, { preset, forwardAuth }))
  t.equal(authz.http_service.authorization_response.allowed_upstream_headers, undefined)
})

t.test('the browser gets what a denial says, and a renewed session', async (t) => {
  const { authorization_response: answer } = partsOf(configuration(t, preset, { preset })).authz.http_service
  for (const name of ['location', 'set-cookie', 'content-type', 'www-authenticate', 'cache-control'])
    t.ok(names(answer.allowed_client_headers).includes(name), name)
  t.strictSame(names(answer.allowed_client_headers_on_success), ['set-cookie'])
})

t.test('every public host is guarded, and the check is for Envoy only', async (t) => {
  for (const prefix of ['/oauth2', '/_auth']) {
    const public_url = ['https://app.example.com', 'https://wiki.example.com:8443']
    const { virtualHost, routes } = partsOf(
      configuration(t, preset, { preset, server: { public_url, prefix } }),
    )
    t.strictSame(virtualHost.domains, ['app.example.com', 'wiki.example.com:8443'])
    testEnds(t, prefix, (path) => endOf(routes, path))
  }
})

t.test('both clusters have their address', async (t) => {
  const address = (config: Parsed, name: string) => {
    const { load_assignment } = config.static_resources.clusters.find((one: Parsed) => one.name === name)
    t.equal(load_assignment.cluster_name, name)
    return load_assignment.endpoints[0].lb_endpoints[0].endpoint.address.socket_address
  }
  const config = configuration(t, preset, { preset })
  t.strictSame(address(config, 'postern'), { address: 'postern.postern', port_value: 4180 })
  t.strictSame(address(config, 'app'), { address: 'app.shop', port_value: 8080 })
  const other = configuration(t, preset, { preset }, { ...places, service: 'http://[::1]' })
  t.strictSame(address(other, 'app'), { address: '::1', port_value: 80 })
})

t.test('over https Envoy has a certificate, over http it needs none', async (t) => {
  const https = partsOf(configuration(t, preset, { preset }))
  t.equal(https.listener.address.socket_address.port_value, 443)
  t.match(https.chain.transport_socket.typed_config['@type'], /DownstreamTlsContext$/)
  const http = partsOf(configuration(t, preset, { preset, server: { public_url: 'http://localhost' } }))
  t.equal(http.listener.address.socket_address.port_value, 80)
  t.equal(http.chain.transport_socket, undefined)
})

t.test('how page views are redirected is said where they are not', async (t) => {
  for (const kind of ['envoy', 'envoy-gateway', 'gateway-api', 'istio']) {
    t.match(print(kind, { preset }), /mode: redirect/, kind)
    t.notMatch(
      print(kind, { preset, forwardAuth: { mode: 'redirect' } }),
      /mode: redirect|mode=redirect/,
      kind,
    )
  }
})
