import t from 'tap'
import { assertValid, type Manifest, oneOf } from '../support/kubernetes.ts'
import { type End, otherHeaders, printed, testEnds, usualHeaders } from './support.ts'

const preset = 'traefik'

/** Traefik's rules as far as they are used here; the longest rule that matches wins. */
function endOf(manifests: readonly Manifest[], host: string, path: string): End {
  const found = manifests
    .filter(({ kind }) => kind === 'IngressRoute')
    .flatMap(({ spec }) => spec.routes)
    .filter(({ match }) => matches(match, host, path))
    .sort((a, b) => b.match.length - a.match.length)[0]
  if (found === undefined) return 'refused'
  return found.middlewares === undefined ? 'postern' : 'checked'
}

function matches(rule: string, host: string, path: string): boolean {
  return rule.split(' && ').every((part) =>
    part
      .replace(/^\(|\)$/g, '')
      .split(' || ')
      .some((matcher) => {
        const [, not, name, value = ''] = /^(!?)(Host|PathPrefix)\(?`([^`]+)`\)?$/.exec(matcher) ?? []
        if (name === undefined) throw new Error(`not a matcher: ${matcher}`)
        return (name === 'Host' ? host === value : path.startsWith(value)) === (not === '')
      }),
  )
}

t.test('the middleware and the routers are valid', async (t) => {
  await assertValid(t, printed(t, preset, { preset }))
})

t.test('Traefik asks Postern, and says itself what for', async (t) => {
  const { metadata, spec } = oneOf(printed(t, preset, { preset }), 'Middleware')
  t.equal(spec.forwardAuth.address, 'http://postern.postern.svc.cluster.local:4180/oauth2/auth')
  t.equal(spec.forwardAuth.trustForwardHeader, false)
  t.equal(spec.forwardAuth.authRequestHeaders, undefined, 'all that the client sent is there to decide by')
  t.equal(metadata.namespace, 'shop', 'where the router is that names it')
})

t.test('the headers that are copied are those of the configuration', async (t) => {
  for (const [forwardAuth, headers] of [[{}, usualHeaders] as const, ...otherHeaders]) {
    const { spec } = oneOf(printed(t, preset, { preset, forwardAuth }), 'Middleware')
    t.strictSame(spec.forwardAuth.authResponseHeaders, headers)
  }
  const forwardAuth = { token: 'none', identity_headers: false }
  const { spec } = oneOf(printed(t, preset, { preset, forwardAuth }), 'Middleware')
  t.equal(spec.forwardAuth.authResponseHeaders, undefined)
})

t.test('every cookie of a session may come to the browser', async (t) => {
  const session = { cookie: { name: 'shop', domain: 'example.com', max_chunks: 2 } }
  for (const [written, cookies] of [
    [{ preset }, ['__Host-postern', '__Host-postern.1', '__Host-postern.2', '__Host-postern.3']],
    [{ preset, session }, ['__Secure-shop', '__Secure-shop.1']],
  ] as const) {
    const { spec } = oneOf(printed(t, preset, written), 'Middleware')
    t.strictSame(spec.forwardAuth.addAuthCookiesToResponse, cookies)
  }
})

t.test('every public host is guarded, and the check is for Traefik only', async (t) => {
  for (const prefix of ['/oauth2', '/_auth']) {
    const public_url = ['https://app.example.com', 'https://wiki.example.com']
    const manifests = printed(t, preset, { preset, server: { public_url, prefix } })
    for (const host of ['app.example.com', 'wiki.example.com'])
      testEnds(t, prefix, (path) => endOf(manifests, host, path))
    t.equal(endOf(manifests, 'other.example.com', '/'), 'refused')
  }
})

t.test('each router is where its Service is', async (t) => {
  const manifests = printed(t, preset, { preset })
  for (const [name, namespace, port] of [
    ['app', 'shop', 8080],
    ['postern', 'postern', 4180],
  ] as const) {
    const { metadata, spec } = oneOf(manifests, 'IngressRoute', name)
    t.equal(metadata.namespace, namespace)
    t.strictSame(spec.routes[0].services, [{ name, port }])
    t.strictSame(spec.entryPoints, ['websecure'])
    t.strictSame(spec.tls, {})
  }
})

t.test('over http the other entry point is meant', async (t) => {
  const server = { public_url: 'http://localhost:8080' }
  const { spec } = oneOf(printed(t, preset, { preset, server }), 'IngressRoute', 'app')
  t.strictSame(spec.entryPoints, ['web'])
  t.equal(spec.tls, undefined)
})
