import t from 'tap'
import { assertValid, type Manifest, oneOf } from '../support/kubernetes.ts'
import { decidedBy } from './decided-by.ts'
import { type End, otherHeaders, places, printed, testEnds, usualHeaders } from './support.ts'

const preset = 'envoy'
const sameNamespace = { address: 'postern.shop:4180', service: 'http://app.shop:8080' }

/** How each of the two says what is asked, and what the service gets. */
const kinds = {
  'gateway-api': (manifests: readonly Manifest[]) => {
    const [filter] = oneOf(manifests, 'HTTPRoute', 'app')['spec'].rules[0].filters
    const { protocol, backendRef, http } = filter.externalAuth
    t.equal(filter.type, 'ExternalAuth')
    t.equal(protocol, 'HTTP')
    return {
      backend: backendRef,
      path: http.path,
      read: http.allowedHeaders,
      copied: http.allowedResponseHeaders,
    }
  },
  'envoy-gateway': (manifests: readonly Manifest[]) => {
    const { targetRefs, extAuth } = oneOf(manifests, 'SecurityPolicy')['spec']
    t.strictSame(targetRefs, [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'app' }])
    t.equal(extAuth.failOpen, false)
    t.equal(extAuth.timeout, '15s')
    const { backendRefs, path, headersToBackend } = extAuth.http
    return { backend: backendRefs[0], path, read: extAuth.headersToExtAuth, copied: headersToBackend }
  },
}

/** The longest path that matches by segments wins, whatever route it stands in. */
function endOf(manifests: readonly Manifest[], host: string, path: string): End {
  const found = manifests
    .filter(({ kind, ...route }) => kind === 'HTTPRoute' && route['spec'].hostnames.includes(host))
    .flatMap((route) =>
      route['spec'].rules[0].matches.map((match: { path: { type: string; value: string } }) => ({
        route,
        value: match.path.value,
      })),
    )
    .filter(({ value }) => `${path}/`.startsWith(value.replace(/\/?$/, '/')))
    .sort((a, b) => b.value.length - a.value.length)[0]
  if (found === undefined) return 'refused'
  return found.route.metadata.name === 'app' ? 'checked' : 'postern'
}

for (const [kind, asked] of Object.entries(kinds)) {
  t.test(kind, async (t) => {
    t.test('the objects are valid', async (t) => {
      await assertValid(t, printed(t, kind, { preset }))
      await assertValid(t, printed(t, kind, { preset }, sameNamespace))
    })

    t.test('Postern is asked', async (t) => {
      const { backend, path } = asked(printed(t, kind, { preset }))
      t.strictSame(backend, { name: 'postern', namespace: 'postern', port: 4180 })
      t.equal(path, '/oauth2/auth')
    })

    t.test('the check has all that a decision reads, and nothing that says what is asked for', async (t) => {
      decidedBy(t, asked(printed(t, kind, { preset })).read)
    })

    t.test('the service gets the headers of the configuration', async (t) => {
      for (const [forwardAuth, headers] of [[{}, usualHeaders] as const, ...otherHeaders]) {
        const { copied } = asked(printed(t, kind, { preset, forwardAuth }))
        t.strictSame(
          copied,
          headers.map((name) => name.toLowerCase()),
        )
      }
      const forwardAuth = { token: 'none', identity_headers: false }
      t.equal(asked(printed(t, kind, { preset, forwardAuth })).copied, undefined)
    })

    t.test('every public host is guarded, and the check is for the gateway only', async (t) => {
      for (const prefix of ['/oauth2', '/_auth']) {
        const public_url = ['https://app.example.com', 'https://wiki.example.com']
        const manifests = printed(t, kind, { preset, server: { public_url, prefix } })
        t.equal(asked(manifests).path, `${prefix}/auth`)
        for (const host of ['app.example.com', 'wiki.example.com'])
          testEnds(t, prefix, (path) => endOf(manifests, host, path))
        t.equal(endOf(manifests, 'other.example.com', '/'), 'refused')
      }
    })

    t.test('Postern may be in another namespace, and needs no grant in the same one', async (t) => {
      const group = kind === 'envoy-gateway' ? 'gateway.envoyproxy.io' : 'gateway.networking.k8s.io'
      const { metadata, spec } = oneOf(printed(t, kind, { preset }), 'ReferenceGrant')
      t.equal(metadata.namespace, 'postern')
      t.match(spec, {
        from: [{ group, kind: kind === 'envoy-gateway' ? 'SecurityPolicy' : 'HTTPRoute', namespace: 'shop' }],
        to: [{ group: '', kind: 'Service', name: 'postern' }],
      })
      const together = printed(t, kind, { preset }, sameNamespace)
      t.notOk(together.some((one) => one.kind === 'ReferenceGrant'))
    })

    t.test('what a client says of its own way here is not believed', async (t) => {
      const { rules } = oneOf(printed(t, kind, { preset }, places), 'HTTPRoute', 'postern')['spec']
      t.match(rules[0].filters, [{ requestHeaderModifier: { remove: ['x-forwarded-host'] } }])
    })
  })
}
