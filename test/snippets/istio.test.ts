import t from 'tap'
import { assertValid, type Manifest, oneOf } from '../support/kubernetes.ts'
import { decidedBy } from './decided-by.ts'
import { type End, otherHeaders, printed, testEnds, usualHeaders } from './support.ts'

const preset = 'envoy'

function providerOf(manifests: readonly Manifest[]) {
  const [provider] = oneOf(manifests, 'IstioOperator')['spec'].meshConfig.extensionProviders
  return provider
}

/** The policy decides whether there is a check, the first route that matches where it ends. */
function endOf(manifests: readonly Manifest[], host: string, path: string): End {
  const [{ operation }] = oneOf(manifests, 'AuthorizationPolicy')['spec'].rules[0].to
  const isNamed = operation.hosts.some(
    (name: string) => name === host || name === host.replace(/:\d+$/, ':*'),
  )
  const isExempt = operation.notPaths.some((glob: string) => path.startsWith(glob.replace(/\*$/, '')))
  const { directResponse, route } = oneOf(manifests, 'VirtualService')['spec'].http.find(
    ({ match }: { match?: { uri: { prefix: string } }[] }) =>
      match === undefined || match.some(({ uri }) => path.startsWith(uri.prefix)),
  )
  if (directResponse !== undefined) return 'refused'
  if (isNamed && !isExempt) return 'checked'
  const { host: destination } = route[0].destination
  if (destination !== 'postern.postern.svc.cluster.local') throw new Error(`${path} is not guarded`)
  return 'postern'
}

t.test('the objects are valid', async (t) => {
  await assertValid(t, printed(t, 'istio', { preset }))
})

t.test('the provider has the fields of the mesh configuration', async (t) => {
  const { name, envoyExtAuthzHttp: http, ...rest } = providerOf(printed(t, 'istio', { preset }))
  t.strictSame(rest, {})
  t.strictSame(Object.keys(http).sort(), [
    'failOpen',
    'headersToDownstreamOnAllow',
    'headersToDownstreamOnDeny',
    'headersToUpstreamOnAllow',
    'includeRequestHeadersInCheck',
    'pathPrefix',
    'port',
    'service',
    'timeout',
  ])
  t.match(http, {
    service: 'postern.postern.svc.cluster.local',
    port: 4180,
    pathPrefix: '/oauth2/auth',
    failOpen: false,
    timeout: '15s',
  })
  const { provider, action } = oneOf(printed(t, 'istio', { preset }), 'AuthorizationPolicy')['spec']
  t.strictSame({ provider, action }, { provider: { name }, action: 'CUSTOM' })
})

t.test('the check has all that a decision reads, and nothing that says what is asked for', async (t) => {
  decidedBy(t, providerOf(printed(t, 'istio', { preset })).envoyExtAuthzHttp.includeRequestHeadersInCheck)
})

t.test('the service gets the headers of the configuration, and the browser none of them', async (t) => {
  for (const [forwardAuth, headers] of [[{}, usualHeaders] as const, ...otherHeaders]) {
    const { envoyExtAuthzHttp: http } = providerOf(printed(t, 'istio', { preset, forwardAuth }))
    const lower = headers.map((name) => name.toLowerCase())
    t.strictSame(http.headersToUpstreamOnAllow, lower)
    const told = [...http.headersToDownstreamOnDeny, ...http.headersToDownstreamOnAllow]
    t.strictSame(
      lower.filter((name) => told.includes(name)),
      [],
    )
    t.strictSame(http.headersToDownstreamOnAllow, ['set-cookie'])
  }
  const forwardAuth = { token: 'none', identity_headers: false }
  const { envoyExtAuthzHttp: http } = providerOf(printed(t, 'istio', { preset, forwardAuth }))
  t.equal(http.headersToUpstreamOnAllow, undefined)
})

t.test(
  'every public host is guarded, with and without a port, and the check is for the gateway only',
  async (t) => {
    for (const prefix of ['/oauth2', '/_auth']) {
      const public_url = ['https://app.example.com', 'https://wiki.example.com']
      const manifests = printed(t, 'istio', { preset, server: { public_url, prefix } })
      for (const host of [
        'app.example.com',
        'app.example.com:443',
        'wiki.example.com',
        'wiki.example.com:443',
      ])
        testEnds(t, prefix, (path) => endOf(manifests, host, path))
      t.strictSame(oneOf(manifests, 'VirtualService')['spec'].hosts, ['app.example.com', 'wiki.example.com'])
    }
  },
)

t.test('what a client says of its own way here is not believed', async (t) => {
  const { http } = oneOf(printed(t, 'istio', { preset }), 'VirtualService')['spec']
  t.strictSame(http[1].headers, { request: { remove: ['x-forwarded-host'] } })
})
