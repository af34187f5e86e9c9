import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import t from 'tap'
import { freePort } from '../support/free-port.ts'
import { nginxConfig, skipWithout, startConfigured } from '../support/front.ts'
import { isListening } from '../support/is-listening.ts'
import { startLoad } from '../support/load.ts'
import { startRecorder } from '../support/recorder.ts'
import { startPostern } from './postern.ts'

const skip = skipWithout('nginx')

t.test(
  'behind nginx, one process is replaced after the other, and no request is lost',
  { skip },
  async (t) => {
    const upstream = await startRecorder('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
    t.teardown(upstream.close)
    const ports = [await freePort(), await freePort()] as const
    const front = await freePort()
    // Not that of the test, which the configuration of nginx is written to.
    const folder = mkdtempSync(join(tmpdir(), 'postern-'))
    t.teardown(() => rmSync(folder, { recursive: true }))
    const start = async (port: number, workers: number) => {
      const file = join(folder, `${port}-${workers}.yaml`)
      writeFileSync(
        file,
        [
          `server: { listen: "127.0.0.1:${port}", public_url: "http://localhost:${front}", workers: ${workers}, shutdown: { delay: 1s } }`,
          'admin: { listen: "127.0.0.1:0" }',
          'provider: { issuer: "http://127.0.0.1:9", client_id: postern, client_secret: secret }',
          'session: { keys: [MTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0dXY=] }',
          `upstreams: { web: { url: "${upstream.origin}" } }`,
          'routes: [{ path: /**, upstream: web, access: public }]',
          'logging: { level: error, format: json }',
        ].join('\n'),
      )
      const postern = startPostern(t, ['serve', '--config', file])
      while (!(await isListening(port)));
      return postern
    }
    const running = await Promise.all(ports.map((port) => start(port, 1)))
    await startConfigured(t, 'nginx', front, (own) => ({
      configuration: nginxConfig(
        own,
        `
  upstream gateway { ${ports.map((port) => `server 127.0.0.1:${port} max_fails=0;`).join(' ')} keepalive 8; }
  server {
    listen 127.0.0.1:${front};
    location / {
      proxy_pass http://gateway;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
    }
  }`,
      ),
    }))
    const load = startLoad(front, { clients: 6 })
    await load.more(100)
    for (const [index, port] of ports.entries()) {
      const postern = running[index] as (typeof running)[0]
      postern.child.kill('SIGTERM')
      t.strictSame(await postern.ended, { code: 0, signal: null })
      await load.more(50)
      // The one that takes its place has several processes.
      await start(port, 2)
      await load.more(100)
    }
    await load.stop()
    t.strictSame(Object.keys(load.counts()), ['200'], JSON.stringify(load.counts()))
  },
)
