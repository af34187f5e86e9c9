import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { request } from 'node:http'
import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { writeConfig } from '../config/support.ts'
import { freePort } from '../support/free-port.ts'
import { isListening } from '../support/is-listening.ts'
import { record, startRecorder } from '../support/recorder.ts'
import { runPostern, startPostern, takePort } from './postern.ts'

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'

async function write(
  t: Test,
  given: { port?: number; upstream?: string; workers?: string; metrics?: boolean } = {},
) {
  const [port, admin] = [given.port ?? (await freePort()), await freePort()]
  const file = writeConfig(
    t,
    [
      `server: { listen: "127.0.0.1:${port}", public_url: "http://localhost:${port}", workers: ${given.workers ?? 2}, shutdown: { delay: 0s } }`,
      `admin: { listen: "127.0.0.1:${admin}", metrics: ${given.metrics ?? true} }`,
      'provider: { issuer: "http://127.0.0.1:9", client_id: postern, client_secret: secret }',
      'session: { keys: [MTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0dXY=] }',
      `upstreams: { web: { url: "${given.upstream ?? 'http://127.0.0.1:9'}" } }`,
      'routes: [{ path: /**, upstream: web, access: public }]',
      'logging: { format: json }',
    ].join('\n'),
  )
  return { file, port, admin }
}

const serving = /Postern serves http:\/\/localhost:/

/** One request on a connection of its own. */
async function get(port: number, path: string): Promise<number> {
  const headers = { host: `localhost:${port}` }
  const sent = request({ port, host: '127.0.0.1', path, headers, agent: false }).end()
  const [response] = await once(sent, 'response')
  response.resume()
  await once(response, 'end')
  return response.statusCode
}

t.test('real processes share the port; one that is killed is replaced; all stop at SIGTERM', async (t) => {
  const upstream = await startRecorder(ok)
  t.teardown(upstream.close)
  const { file, port, admin } = await write(t, { upstream: upstream.origin })
  const postern = startPostern(t, ['serve', '--config', file])
  await postern.says(serving)
  const each = (from: number) => Array.from({ length: 8 }, (_, index) => get(port, `/${from + index}`))
  t.strictSame(new Set(await Promise.all(each(0))), new Set([200]))
  for (const worker of [1, 2]) await postern.says(new RegExp(`"worker":${worker},"method"`))
  const lines = () =>
    postern
      .stdout()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  t.strictSame(new Set(lines().flatMap(({ path, worker }) => (path ? [worker] : []))), new Set([1, 2]))
  const ready = async () => (await (await fetch(`http://127.0.0.1:${admin}/readyz`)).json()) as object
  t.match(await ready(), { checks: { workers: { ok: true } } })

  const pids = await childrenOf(postern.child.pid as number)
  t.equal(pids.length, 2)
  process.kill(pids[0] as number, 'SIGKILL')
  // At once, where the machine was so busy that this one has lived well by now.
  await postern.says(
    /"how":"SIGKILL","pause_ms":(?:0|100),"msg":"a worker ended, another one takes its place"/,
  )
  await postern.says(/the other worker serves/)
  t.strictSame(new Set(await Promise.all(each(10))), new Set([200]))
  postern.child.kill('SIGTERM')
  t.strictSame(await postern.ended, { code: 0, signal: null })
  t.equal(postern.stderr(), '')
  t.notMatch(postern.stdout(), /"level":60/)
})

t.test('a connection that was handed to a worker which never took it ends with that worker', async (t) => {
  const { file, port, admin } = await write(t)
  const postern = startPostern(t, ['serve', '--config', file])
  await postern.says(serving)
  const workers = await childrenOf(postern.child.pid as number)
  for (const pid of workers) process.kill(pid, 'SIGSTOP')
  const clients = workers.map(() => record(connect(port, '127.0.0.1')))
  for (const { send } of clients)
    send(`GET /x HTTP/1.1\r\nHost: localhost:${port}\r\nConnection: close\r\n\r\n`)
  await Promise.all(clients.map(({ socket }) => socket.connecting && once(socket, 'connect')))
  // By the time it answers here, the primary has handed them on.
  for (const _ of clients) await (await fetch(`http://127.0.0.1:${admin}/healthz`)).text()
  for (const pid of workers) process.kill(pid, 'SIGKILL')
  await Promise.all(clients.map(({ closed }) => closed))
  t.strictSame(
    clients.map(({ bytes }) => bytes()),
    ['', ''],
  )
  await postern.says(/the other worker serves[\s\S]*the other worker serves/)
  t.equal(await get(port, '/x'), 502, 'who asks again is served')
})

t.test('a taken port is one line and 1, and no process is left', async (t) => {
  const { file } = await write(t, { port: await takePort(t), workers: 'auto' })
  const { code, stdout, stderr } = await runPostern(t, ['serve', '--config', file])
  t.equal(code, 1)
  t.notMatch(stdout, serving)
  t.match(stderr, /^postern: .*EADDRINUSE[^\n]*\n$/)
})

t.test('without metrics they serve all the same', async (t) => {
  const { file, admin } = await write(t, { metrics: false })
  const postern = startPostern(t, ['serve', '--config', file])
  await postern.says(serving)
  t.equal((await fetch(`http://127.0.0.1:${admin}/metrics`)).status, 404)
  postern.child.kill('SIGINT')
  t.strictSame(await postern.ended, { code: 0, signal: null })
})

t.test('when the primary process dies, the workers do not serve on', async (t) => {
  const { file, port } = await write(t)
  const postern = startPostern(t, ['serve', '--config', file])
  await postern.says(serving)
  t.ok(await isListening(port))
  postern.child.kill('SIGKILL')
  // Its output ends when no process holds it any more.
  t.strictSame(await postern.ended, { code: null, signal: 'SIGKILL' })
  t.notOk(await isListening(port))
})

/** The processes that a process started. */
async function childrenOf(pid: number): Promise<number[]> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8')
  return text.trim().split(' ').map(Number)
}
