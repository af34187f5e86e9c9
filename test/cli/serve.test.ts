import { once } from 'node:events'
import { createServer, request, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import t, { type Test } from 'tap'
import { writeConfig } from '../config/support.ts'
import { freePort } from '../support/free-port.ts'
import { runPostern, startPostern, takePort } from './postern.ts'

/** Answers when the test says so. */
async function startSlowUpstream(t: Test) {
  const server = createServer().listen(0, '127.0.0.1')
  t.teardown(() => server.close().closeAllConnections())
  await once(server, 'listening')
  const arrived = once(server, 'request').then(([, response]) => response as ServerResponse)
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, arrived }
}

type Ports = { port?: number; admin?: number; upstream?: string; issuer?: string; delay?: string }

async function writeServable(t: Test, given: Ports = {}) {
  const [port, admin] = [given.port ?? (await freePort()), given.admin ?? (await freePort())]
  const { issuer = 'http://127.0.0.1:9', upstream = 'http://127.0.0.1:9', delay = '0s' } = given
  const file = writeConfig(
    t,
    [
      `server: { listen: "127.0.0.1:${port}", public_url: "http://localhost:${port}", shutdown: { delay: ${delay} } }`,
      `admin: { listen: "127.0.0.1:${admin}" }`,
      `provider: { issuer: "${issuer}", client_id: postern, client_secret: secret }`,
      'session: { keys: [MTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0dXY=] }',
      `upstreams: { web: { url: "${upstream}" } }`,
      'routes: [{ path: /**, upstream: web, access: public }]',
    ].join('\n'),
  )
  return { file, port, admin }
}

const address = (port: number) => ({ port, host: '127.0.0.1', headers: { host: `localhost:${port}` } })

const serving = /Postern serves http:\/\/localhost:/

t.test('SIGTERM and SIGINT let the request under way finish, and end with 0', async (t) => {
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    const upstream = await startSlowUpstream(t)
    const { file, port } = await writeServable(t, { upstream: upstream.url })
    const postern = startPostern(t, ['serve', '--config', file])
    await postern.says(serving)
    const answer = once(request({ ...address(port), path: '/slow' }).end(), 'response')
    const response = await upstream.arrived
    postern.child.kill(signal)
    await postern.says(/finishing the requests under way/)
    response.end('done')
    const [incoming] = await answer
    t.equal((await incoming.setEncoding('utf8').toArray()).join(''), 'done')
    t.strictSame(await postern.ended, { code: 0, signal: null })
    t.equal(postern.stderr(), '')
    t.match(postern.stdout(), '"path":"/slow"', 'the log is complete')
  }
})

t.test('a timer that was forgotten does not keep the process', async (t) => {
  const { file } = await writeServable(t)
  const forgotten =
    'data:text/javascript,import { isMainThread } from "node:worker_threads"; isMainThread && setInterval(() => {}, 1e6)'
  const postern = startPostern(t, ['serve', '--config', file], { nodeArgs: ['--import', forgotten] })
  await postern.says(serving)
  postern.child.kill('SIGINT')
  t.strictSame(await postern.ended, { code: 0, signal: null })
  t.match(postern.stdout(), 'stopping')
})

t.test('a second signal does not wait', async (t) => {
  const upstream = await startSlowUpstream(t)
  const { file, port } = await writeServable(t, { upstream: upstream.url })
  const postern = startPostern(t, [], { env: { POSTERN_CONFIG: file } })
  await postern.says(serving)
  request(address(port))
    .on('error', () => {})
    .end()
  await upstream.arrived
  postern.child.kill('SIGTERM')
  await postern.says(/finishing the requests under way/)
  postern.child.kill('SIGINT')
  t.strictSame(await postern.ended, { code: null, signal: 'SIGINT' })
})

t.test('SIGTERM fails readiness first, and serves on for the delay', async (t) => {
  const upstream = await startSlowUpstream(t)
  const { file, port, admin } = await writeServable(t, { upstream: upstream.url, delay: '1s' })
  const postern = startPostern(t, ['serve', '--config', file])
  await postern.says(serving)
  postern.child.kill('SIGTERM')
  await postern.says(/stopping: not ready any more/)
  const answer = once(request({ ...address(port), path: '/late' }).end(), 'response')
  const ready = await fetch(`http://127.0.0.1:${admin}/readyz`)
  t.match(await ready.json(), { reasons: [/.*/, 'process: it is about to stop'] })
  const response = await upstream.arrived
  response.end('done')
  const [incoming] = await answer
  t.equal(incoming.headers.connection, 'close')
  t.strictSame(await postern.ended, { code: 0, signal: null })
})

t.test('SIGHUP while it starts does not end it', async (t) => {
  const { file } = await writeServable(t)
  const plant = 'data:text/javascript,process.once("worker",()=>process.kill(process.pid,"SIGHUP"))'
  const postern = startPostern(t, ['serve', '--config', file], { nodeArgs: ['--import', plant] })
  await postern.says(serving)
  postern.child.kill('SIGTERM')
  t.equal((await postern.ended).code, 0)
})

t.test('healthcheck finds the gateway by the same configuration', async (t) => {
  const { file } = await writeServable(t)
  const env = { POSTERN_CONFIG: file }
  t.equal((await runPostern(t, ['healthcheck'], { env })).code, 1)
  const postern = startPostern(t, ['serve'], { env })
  await postern.says(serving)
  t.strictSame(await runPostern(t, ['healthcheck'], { env }), { code: 0, stdout: '', stderr: '' })
  const ready = await runPostern(t, ['healthcheck', '--ready', '--timeout', '5'], { env })
  t.equal(ready.code, 1)
  t.match(ready.stderr, /^postern healthcheck: \/readyz answered 503 .*provider[^\n]*\n$/)
})

t.test('a taken port, of either listener, is one line and 1, and nothing is left running', async (t) => {
  for (const taken of ['port', 'admin'] as const) {
    const { file } = await writeServable(t, { [taken]: await takePort(t) })
    const { code, stdout, stderr } = await runPostern(t, ['serve', '--config', file])
    t.equal(code, 1)
    t.notMatch(stdout, serving)
    t.match(stderr, /^postern: listen EADDRINUSE[^\n]* \(is it running already\?\)\n$/)
  }
})

t.test('stopping while the provider has not answered is no failure of the provider', async (t) => {
  const provider = await startSlowUpstream(t)
  const { file } = await writeServable(t, { issuer: provider.url })
  const postern = startPostern(t, ['serve', '--config', file])
  await postern.says(serving)
  await provider.arrived
  postern.child.kill('SIGTERM')
  t.equal((await postern.ended).code, 0)
  t.notMatch(postern.stdout(), 'discovery failed')
})

const bugs = {
  'an exception': 'throw new TypeError("a bug")',
  'a rejection': 'Promise.reject(new TypeError("a bug"))',
}

for (const [kind, bug] of Object.entries(bugs)) {
  t.test(`${kind} that nobody caught is logged once, and ends the process with 1`, async (t) => {
    const { file } = await writeServable(t)
    const plant = `data:text/javascript,process.on("SIGUSR2",()=>{${bug}})`
    const postern = startPostern(t, ['serve', '--config', file], { nodeArgs: ['--import', plant] })
    await postern.says(serving)
    postern.child.kill('SIGUSR2')
    t.strictSame(await postern.ended, { code: 1, signal: null })
    t.equal(postern.stderr(), '')
    const fatal = postern.stdout().match(/.*"level":60.*/g) ?? []
    t.equal(fatal.length, 1)
    t.match(JSON.parse(String(fatal)), { err: { type: 'TypeError' }, msg: /nobody caught/ })
  })
}
