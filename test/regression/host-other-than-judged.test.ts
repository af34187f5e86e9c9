import t from 'tap'
import { startGateway } from '../support/gateway.ts'
import { startProvider } from '../support/provider.ts'
import { startRecorder } from '../support/recorder.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'

t.test('the host an upstream is sent is the one that was judged, not the Host line beside it', async (t) => {
  const upstream = await startRecorder(ok)
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    provider: await startProvider(t),
    upstream: upstream.origin,
    server: 'trusted_proxies: [127.0.0.1]',
    publicUrls: (port) => [`http://open.localhost:${port}`, `http://closed.localhost:${port}`],
    routes: [
      'path: /**, host: open.localhost, access: public',
      'path: /**, host: closed.localhost, scopes: [admin]',
    ],
  })
  const { port } = gateway
  for (const host of [`closed.localhost:${port}`, 'a b@evil', 'evil/../x?y#z', '']) {
    const seen = upstream.bytes().length
    const lines = [`Host: ${host}`, `X-Forwarded-Host: open.localhost:${port}`, 'Connection: close']
    const answer = await gateway.exchange(`GET /x HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`)
    t.match(answer, /^HTTP\/1\.1 200/)
    const hosts = upstream
      .bytes()
      .slice(seen)
      .match(/(?<=^host: ).*$/gim)
    t.strictSame(hosts, [`open.localhost:${port}`], host)
  }
})
