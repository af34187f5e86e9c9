import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import t from 'tap'
import { writeConfig, yamlWith } from '../config/support.ts'
import { freePort } from '../support/free-port.ts'
import { startRecorder } from '../support/recorder.ts'
import { runPostern, shipped, startPostern } from './postern.ts'

const dist = dirname(shipped)
const demoRules = fileURLToPath(new URL('../../../config/demo.yaml', import.meta.url))

/** Says on standard error which packages are imported. */
const watcher = `
  import { writeSync } from 'node:fs'
  export async function resolve(specifier, context, next) {
    const found = await next(specifier, context)
    const name = /^(?!node:)(@[^/]+[/])?[a-z][^/:]*/.exec(specifier)?.[0]
    if (name !== undefined && found.url.includes('/node_modules/')) writeSync(2, name + ' ')
    return found
  }`
const watched = `import { register } from 'node:module'; register(${JSON.stringify(moduleUrl(watcher))})`

function moduleUrl(source: string): string {
  return `data:text/javascript,${encodeURIComponent(source)}`
}

t.test('explain says the same, and is all that it loads', async (t) => {
  const args = ['explain', '--config', writeConfig(t, yamlWith({})), 'GET', '/x', '--scopes', 'a']
  const nodeArgs = ['--import', moduleUrl(watched)]
  const tested = await runPostern(t, args, { nodeArgs })
  const bundled = await runPostern(t, args, { nodeArgs, program: shipped })
  t.match(tested, { code: 0, stdout: /^Decision {3}forward/m })
  t.strictSame(bundled, { ...tested, stderr: '' })
  const packages = new Set(tested.stderr.trim().split(' '))
  t.strictSame([...packages].sort(), ['commander', 'ipaddr.js', 'lru-cache', 'yaml', 'zod'])
})

t.test('it serves by processes of its own, and says how it is', async (t) => {
  const upstream = await startRecorder('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  t.teardown(upstream.close)
  const [port, admin] = [await freePort(), await freePort()]
  const file = writeConfig(
    t,
    [
      `server: { listen: "127.0.0.1:${port}", public_url: "http://localhost:${port}", workers: 2, shutdown: { delay: 0s } }`,
      `admin: { listen: "127.0.0.1:${admin}" }`,
      'provider: { issuer: "http://127.0.0.1:9", client_id: postern, client_secret: secret }',
      'session: { keys: [MTIzNDU2Nzg5MGFiY2RlZmdoaWprbG1ub3BxcnN0dXY=] }',
      `upstreams: { web: { url: "${upstream.origin}" } }`,
      'routes: [{ path: /**, upstream: web, access: public }]',
      'logging: { format: json }',
    ].join('\n'),
  )
  const postern = startPostern(t, ['serve', '--config', file], { program: shipped })
  await postern.says(/Postern serves http:\/\/localhost:/)
  t.equal(await (await fetch(`http://localhost:${port}/`)).text(), 'hi')
  await postern.says(/"worker":[12],"method"/)
  t.match(await runPostern(t, ['healthcheck', '--config', file], { program: shipped }), { code: 0 })
  postern.child.kill('SIGTERM')
  t.strictSame(await postern.ended, { code: 0, signal: null })
})

t.test('the demo runs', async (t) => {
  const port = await freePort()
  const args = ['demo', '--config', demoRules, '--port', String(port)]
  const postern = startPostern(t, args, { program: shipped })
  await postern.says(/Stop with Ctrl-C/)
  t.equal((await fetch(`http://localhost:${port}/public/hello`)).status, 200)
  postern.child.kill('SIGINT')
  t.strictSame(await postern.ended, { code: 0, signal: null })
})

t.test('its source maps name the files of the source', async (t) => {
  const maps = readdirSync(dist).filter((name) => name.endsWith('.js.map'))
  const sources = maps.flatMap((name) => JSON.parse(readFileSync(join(dist, name), 'utf8')).sources)
  for (const source of ['../src/main.ts', '../src/app.ts', '../src/workers/worker-process.ts'])
    t.ok(sources.includes(source), source)
})

t.test('the license of whatever is in the bundle is beside it', async (t) => {
  const maps = readdirSync(dist).filter((name) => name.endsWith('.js.map'))
  const sources: string[] = maps.flatMap((name) => JSON.parse(readFileSync(join(dist, name), 'utf8')).sources)
  const packages = new Set(
    sources.flatMap((path) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(path)?.[1] ?? []),
  )
  const licenses = readFileSync(join(dist, 'LICENSES.txt'), 'utf8')
  t.ok(packages.size > 0)
  for (const name of packages)
    t.match(licenses, new RegExp(`^${name}\\n\\n.*(?:license|copyright)`, 'ims'), name)
})
