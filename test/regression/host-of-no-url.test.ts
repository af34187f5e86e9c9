import t from 'tap'
import { parseHost } from '../../src/core/host.ts'
import { startGateway } from '../support/gateway.ts'
import { ask } from '../support/scene.ts'

// Below a wildcard, a name that looks like one but is none ended in an unforeseen error: no address can be made of it.

t.test('a host that no URL can have is no host', async (t) => {
  for (const host of ['xn--a.example.com', 'xn--zz.example.com', '1.2.3.999', 'example.0x']) {
    t.equal(parseHost(host), undefined, host)
  }
  t.strictSame(parseHost('xn--mnchen-3ya.example.com:8443'), {
    host: 'xn--mnchen-3ya.example.com',
    port: '8443',
  })
  const gateway = await startGateway(t, {
    provider: 'none',
    bearer: 'issuers: [{ issuer: "http://127.0.0.1:9", audience: x }]',
    upstream: 'http://127.0.0.1:9',
    routes: ['path: /**, host: "*.example.com", access: authenticated'],
  })
  t.match(await ask(gateway, 'GET /x', ['Host: xn--a.example.com']), /^HTTP\/1\.1 400 [\s\S]*"host-invalid"/)
  t.match(await ask(gateway, 'GET /x', ['Host: a.example.com']), /^HTTP\/1\.1 401 /)
})
