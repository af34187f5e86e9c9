import { once } from 'node:events'
import { copyFileSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { createServer, request } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { dirname, join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { writeConfig } from '../config/support.ts'
import { freePort } from '../support/free-port.ts'
import { isListening } from '../support/is-listening.ts'
import { startLoad } from '../support/load.ts'
import { type Postern, startPostern } from './postern.ts'

const pem = (name: string) => readFileSync(new URL(`../../../test/data/tls/${name}.pem`, import.meta.url))
const keys = ['MTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0dXY=', 'dnV0c3JxcG9ubWxramloZ2ZlZGNiYTA5ODc2NTQzMjE=']

/** An upstream with a certificate and one without. */
async function startUpstreams(t: Test) {
  const answer = (_request: unknown, response: { end: (body: string) => void }) => response.end('hi')
  const plain = createServer(answer).listen(0, '127.0.0.1')
  const secure = createSecureServer({ cert: pem('server'), key: pem('server-key') }, answer)
  secure.listen(0, '127.0.0.1')
  const servers = [plain, secure]
  await Promise.all(servers.map((server) => once(server, 'listening')))
  for (const server of servers) t.teardown(() => server.close().closeAllConnections())
  const portOf = (server: typeof plain) => (server.address() as AddressInfo).port
  return { plain: `http://127.0.0.1:${portOf(plain)}`, secure: `https://localhost:${portOf(secure)}` }
}

async function setUp(t: Test, workers: number) {
  const upstreams = await startUpstreams(t)
  const [port, admin] = [await freePort(), await freePort()]
  const yaml = (routes: string) =>
    [
      `server: { listen: "127.0.0.1:${port}", public_url: "http://localhost:${port}", workers: ${workers}, shutdown: { delay: 0s } }`,
      `admin: { listen: "127.0.0.1:${admin}" }`,
      'provider: { issuer: "http://127.0.0.1:9", client_id: postern, client_secret_file: secret }',
      'session: { keys_file: keys }',
      `upstreams: { web: { url: "${upstreams.plain}" }, tls: { url: "${upstreams.secure}", tls: { ca_file: ca.pem } } }`,
      `routes: [${routes}]`,
      'logging: { level: warn, format: json }',
    ].join('\n')
  const file = writeConfig(t, yaml('{ path: /**, upstream: web, access: public }'), { 'ca.pem': pem('ca') })
  const folder = dirname(file)
  /** As programs that care replace a file: in one step. */
  const put = (name: string, content: string | Buffer) => {
    writeFileSync(join(folder, `${name}.new`), content)
    renameSync(join(folder, `${name}.new`), join(folder, name))
  }
  const postern = startPostern(t, ['serve', '--config', file])
  await reachable(port)
  return { postern, port, admin, put, yaml, folder }
}

async function reachable(port: number): Promise<void> {
  while (!(await isListening(port))) await pause(20)
}

async function statusOf(port: number, path: string): Promise<number> {
  const headers = { host: `localhost:${port}` }
  const [response] = await once(request({ port, host: '127.0.0.1', path, headers }).end(), 'response')
  response.resume()
  return response.statusCode
}

/** The value of a metric, by its name and labels as they are written. */
async function metric(admin: number, name: string): Promise<number> {
  const text = await (await fetch(`http://127.0.0.1:${admin}/metrics`)).text()
  return Number(
    text
      .split('\n')
      .find((line) => line.startsWith(`${name} `))
      ?.slice(name.length + 1) ?? 0,
  )
}

const applied = 'postern_config_reloads_total{outcome="applied"}'
const refused = 'postern_config_reloads_total{outcome="refused"}'

/** Asks for a reload and waits until it shows where it is counted. */
async function reloaded(postern: Postern, admin: number, name: string): Promise<void> {
  const before = await metric(admin, name)
  postern.child.kill('SIGHUP')
  while ((await metric(admin, name)) === before) await pause(20)
}

for (const workers of [1, 2]) {
  t.test(
    `rules, keys and certificates change under load in ${workers}, good and broken, and no request fails`,
    async (t) => {
      const { postern, port, admin, put, yaml } = await setUp(t, workers)
      const load = startLoad(port, { clients: 2 })
      await load.more(50)
      const rule = (path: string, upstream: string) =>
        `{ path: ${path}, upstream: ${upstream}, access: public }`
      const steps: [name: string, content: string | Buffer, outcome: string][] = [
        ['postern.yaml', yaml(`${rule('/a', 'tls')}, ${rule('/b', 'web')}`), applied],
        ['postern.yaml', yaml(rule('/a', 'nowhere')), refused],
        ['postern.yaml', 'routes: [', refused],
        ['postern.yaml', yaml(`${rule('/a', 'tls')}, ${rule('/c', 'web')}`), applied],
        ['keys', `${keys[1]}\n${keys[0]}\n`, applied],
        ['keys', 'short\n', refused],
        ['keys', `${keys[1]}\n`, applied],
        ['ca.pem', 'no certificate', refused],
        ['ca.pem', Buffer.concat([pem('ca'), pem('untrusted')]), applied],
        ['secret', 'another\n', applied],
      ]
      for (const [name, content, outcome] of steps) {
        put(name, content)
        await reloaded(postern, admin, outcome)
        await load.more(30)
      }
      t.strictSame(await Promise.all(['/a', '/b', '/c'].map((path) => statusOf(port, path))), [200, 404, 200])
      await load.stop()
      t.strictSame(Object.keys(load.counts()), ['200'], JSON.stringify(load.counts()))
      t.equal(await metric(admin, applied), 6)
      t.equal(await metric(admin, refused), 4)
      t.equal(await metric(admin, 'postern_config_last_reload_successful'), 1)
      postern.child.kill('SIGTERM')
      t.strictSame(await postern.ended, { code: 0, signal: null })
      t.match(postern.stdout(), /"level":50.*postern\.yaml:6:\d+ {2}routes\[0\]\.upstream/)
    },
  )
}

t.test('files are watched; what is refused shows until it is mended', async (t) => {
  const { postern, admin, put, yaml, folder } = await setUp(t, 1)
  put('postern.yaml', 'routes: [')
  await postern.says(/the configuration was refused/)
  const checks = async () => (await fetch(`http://127.0.0.1:${admin}/readyz`)).json()
  t.match(await checks(), { checks: { config: { ok: false, reason: /postern\.yaml:1:\d+/ } } })
  t.equal(await metric(admin, 'postern_config_last_reload_successful'), 0)
  put('postern.yaml', yaml('{ path: /only, upstream: web, access: public }'))
  while ((await metric(admin, applied)) === 0) await pause(20)
  t.match(await checks(), { checks: { config: undefined } })
  copyFileSync(join(folder, 'secret'), join(folder, 'secret.copy'))
  postern.child.kill('SIGTERM')
  t.strictSame(await postern.ended, { code: 0, signal: null })
})
