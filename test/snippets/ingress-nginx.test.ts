import t from 'tap'
import { assertValid, type Manifest, oneOf } from '../support/kubernetes.ts'
import { type End, otherHeaders, places, print, printed, testEnds, usualHeaders } from './support.ts'

const preset = 'ingress-nginx'

function annotation(manifest: Manifest, name: string): string | undefined {
  return manifest.metadata.annotations?.[`nginx.ingress.kubernetes.io/${name}`]
}

/** The longest path that matches by segments wins, whatever Ingress it stands in. */
function endOf(manifests: readonly Manifest[], host: string, path: string): End {
  const found = manifests
    .flatMap((ingress) =>
      ingress['spec'].rules
        .filter((rule: { host: string }) => rule.host === host)
        .flatMap((rule: { http: { paths: { path: string }[] } }) => rule.http.paths)
        .map((entry: { path: string }) => ({ ingress, ...entry })),
    )
    .filter((entry) => `${path}/`.startsWith(entry.path.replace(/\/?$/, '/')))
    .sort((a, b) => b.path.length - a.path.length)[0]
  if (found === undefined) return 'refused'
  return annotation(found.ingress, 'auth-url') === undefined ? 'postern' : 'checked'
}

t.test('the Ingresses are valid', async (t) => {
  await assertValid(t, printed(t, preset, { preset }))
})

t.test('Postern is asked inside the cluster, and 401 leads to the sign-in', async (t) => {
  const app = oneOf(printed(t, preset, { preset }), 'Ingress', 'app')
  t.equal(annotation(app, 'auth-url'), 'http://postern.postern.svc.cluster.local:4180/oauth2/auth')
  t.equal(annotation(app, 'auth-signin'), 'https://$host/oauth2/start?rd=$escaped_request_uri')
  t.equal(annotation(app, 'auth-cache-key'), undefined, 'a decision is for one path')
  t.equal(app.metadata.namespace, 'shop')
  t.match(app['spec'].tls, [{ hosts: ['app.example.com'] }])
})

t.test('there is room for the cookies of a session in both answers', async (t) => {
  for (const ingress of printed(t, preset, { preset }))
    t.equal(annotation(ingress, 'proxy-buffer-size'), '32k', ingress.metadata.name)
})

t.test('the headers that are copied are those of the configuration', async (t) => {
  for (const [forwardAuth, headers] of [[{}, usualHeaders] as const, ...otherHeaders]) {
    const app = oneOf(printed(t, preset, { preset, forwardAuth }), 'Ingress', 'app')
    t.equal(annotation(app, 'auth-response-headers'), headers.join(', '))
  }
  const forwardAuth = { token: 'none', identity_headers: false }
  const app = oneOf(printed(t, preset, { preset, forwardAuth }), 'Ingress', 'app')
  t.equal(annotation(app, 'auth-response-headers'), undefined)
})

t.test('every public host is guarded, and the check is for the controller only', async (t) => {
  for (const prefix of ['/oauth2', '/_auth']) {
    const public_url = ['https://app.example.com', 'https://wiki.example.com']
    const manifests = printed(t, preset, { preset, server: { public_url, prefix } })
    for (const host of ['app.example.com', 'wiki.example.com'])
      testEnds(t, prefix, (path) => endOf(manifests, host, path))
    t.equal(endOf(manifests, 'other.example.com', '/'), 'refused')
  }
})

t.test('each Ingress is where its Service is', async (t) => {
  const manifests = printed(t, preset, { preset })
  for (const [name, namespace, port] of [
    ['app', 'shop', 8080],
    ['postern', 'postern', 4180],
  ] as const) {
    const { metadata, spec } = oneOf(manifests, 'Ingress', name)
    t.equal(metadata.namespace, namespace)
    for (const { backend } of spec.rules[0].http.paths)
      t.strictSame(backend.service, { name, port: { number: port } })
  }
})

t.test('a port of the public URL is kept in the redirect, and is none of the rules', async (t) => {
  const server = { public_url: 'https://app.example.com:8443' }
  const app = oneOf(printed(t, preset, { preset, server }), 'Ingress', 'app')
  t.equal(annotation(app, 'auth-signin'), 'https://$http_host/oauth2/start?rd=$escaped_request_uri')
  t.equal(app['spec'].rules[0].host, 'app.example.com')
})

t.test('over http there is no certificate', async (t) => {
  const app = oneOf(
    printed(t, preset, { preset, server: { public_url: 'http://localhost:8080' } }),
    'Ingress',
    'app',
  )
  t.equal(app['spec'].tls, undefined)
  t.match(annotation(app, 'auth-signin'), /^http:/)
})

t.test('without addresses the names are those that are easy to see through', async (t) => {
  const [app, postern] = printed(t, preset, { preset }, {}) as [Manifest, Manifest]
  t.equal(annotation(app, 'auth-url'), 'http://postern.default.svc.cluster.local:4180/oauth2/auth')
  t.strictSame(app['spec'].rules[0].http.paths[0].backend.service, { name: 'app', port: { number: 8080 } })
  t.equal(postern.metadata.namespace, 'default')
  const local = { ...places, address: 'localhost:4180', service: 'http://[::1]' }
  const [other] = printed(t, preset, { preset }, local) as [Manifest]
  t.match(annotation(other, 'auth-url'), /postern\.default/)
  t.strictSame(other['spec'].rules[0].http.paths[0].backend.service, { name: 'app', port: { number: 80 } })
})

t.test('what Postern itself lacks is said first', async (t) => {
  t.match(
    print(preset, { preset: 'traefik' }),
    /^# Postern's own configuration must say: forward_auth: \{ preset: ingress-nginx \}\n/,
  )
  t.notMatch(print(preset, { preset }), /must say: forward_auth/)
})
