import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { createBrowser } from '../support/browser.ts'
import { freePort } from '../support/free-port.ts'
import { nginxConfig, skipWithout, startConfigured } from '../support/front.ts'
import { isListening } from '../support/is-listening.ts'
import { startLoad } from '../support/load.ts'
import { startProvider } from '../support/provider.ts'
import { startRecorder } from '../support/recorder.ts'
import { startPostern } from './postern.ts'

const skip = skipWithout('nginx')

/** nginx in front of gateways of two worker processes each, which it asks in turn and, where one fails, the next. */
async function setUp(t: Test, ports: readonly number[]) {
  const upstream = await startRecorder('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  t.teardown(upstream.close)
  const front = await freePort()
  // Not that of the test, which the configuration of nginx is written to.
  const folder = mkdtempSync(join(tmpdir(), 'postern-'))
  t.teardown(() => rmSync(folder, { recursive: true }))
  const start = async (port: number, provider: string, access: string) => {
    const file = join(folder, `${port}.yaml`)
    writeFileSync(
      file,
      [
        `server: { listen: "127.0.0.1:${port}", public_url: "http://localhost:${front}", workers: 2, shutdown: { delay: 1s } }`,
        'admin: { listen: "127.0.0.1:0" }',
        `provider: { ${provider} }`,
        'session: { keys: [MTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0dXY=] }',
        `upstreams: { web: { url: "${upstream.origin}" } }`,
        `routes: [{ path: /**, upstream: web, access: ${access} }]`,
        'logging: { level: error, format: json }',
      ].join('\n'),
    )
    const postern = startPostern(t, ['serve', '--config', file])
    while (!(await isListening(port))) await pause(20)
    return postern
  }
  const startNginx = () =>
    startConfigured(t, 'nginx', front, (own) => ({
      configuration: nginxConfig(
        own,
        `
  upstream gateway { ${ports.map((port) => `server 127.0.0.1:${port} max_fails=0;`).join(' ')} keepalive 8; }
  large_client_header_buffers 8 32k;
  server {
    listen 127.0.0.1:${front};
    location / {
      proxy_pass http://gateway;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_buffer_size 32k;
      proxy_buffers 8 32k;
    }
  }`,
      ),
    }))
  return { front, start, startNginx }
}

t.test('one gateway is replaced after the other, and no request is lost', { skip }, async (t) => {
  const ports = [await freePort(), await freePort()]
  const { front, start, startNginx } = await setUp(t, ports)
  const begin = (port: number) =>
    start(port, 'issuer: "http://127.0.0.1:9", client_id: postern, client_secret: secret', 'public')
  const running = await Promise.all(ports.map(begin))
  await startNginx()
  // What is not safe nginx sends once only: it would have to know in time that a gateway is about to stop.
  const load = startLoad(front, { clients: 4, isSafe: true })
  await load.more(100)
  for (const [index, port] of ports.entries()) {
    const postern = running[index] as (typeof running)[0]
    postern.child.kill('SIGTERM')
    t.strictSame(await postern.ended, { code: 0, signal: null })
    await load.more(50)
    await begin(port)
    await load.more(100)
  }
  await load.stop()
  t.strictSame(Object.keys(load.counts()), ['200'], JSON.stringify(load.counts()))
})

t.test(
  'a worker that is killed during a refresh takes no session and no request with it',
  { skip },
  async (t) => {
    const port = await freePort()
    // Several times: so often nginx asks again where an answer breaks off, or a connection that it kept.
    const { front, start, startNginx } = await setUp(t, Array(6).fill(port))
    const origin = `http://localhost:${front}`
    const redirectUris = [`${origin}/oauth2/callback`]
    // In real time: a token is renewed after two seconds or so.
    const provider = await startProvider(t, { accessTokenTtl: 3, redirectUris })
    provider.behaviour.rotateRefreshTokens = true
    const client = `issuer: "${provider.issuer}", client_id: ${provider.clientId}, client_secret: "${provider.clientSecret}"`
    const postern = await start(
      port,
      `${client}, authorization_params: { login_hint: alice }`,
      'authenticated',
    )
    await startNginx()
    const browser = createBrowser()
    t.equal((await browser.navigate(`${origin}/a`)).status, 200, 'signed in')

    const load = startLoad(front, { cookies: browser.cookiesFor(origin), isSafe: true })
    const refreshes = () =>
      provider.tokenRequests.filter(({ parameters }) => parameters['grant_type'] === 'refresh_token')
    let release = () => {}
    const asked = new Promise<void>((resolve) => {
      provider.behaviour.respond = (path) => {
        if (path !== '/token') return undefined
        provider.behaviour.respond = undefined
        resolve()
        return new Promise((answer) => {
          release = () => answer(undefined)
        })
      }
    })
    await asked
    const [worker] = childrenOf(postern.child.pid as number)
    process.kill(worker as number, 'SIGKILL')
    await postern.says(/a worker ended, another one takes its place/)
    release()
    const before = refreshes().length
    while (refreshes().length < before + 2) await load.more(20)
    await load.stop()
    t.strictSame(Object.keys(load.counts()), ['200'], JSON.stringify(load.counts()))
    t.ok(
      refreshes().every(({ status }) => status === 200),
      'each refresh token was spent once',
    )
  },
)

/** The processes that a process started. */
function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').map(Number)
}
