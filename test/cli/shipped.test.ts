import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Script } from 'node:vm'
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
const tests = `
config: postern.yaml
tests:
  - request: GET /x
    expect: { decision: forward }`
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

/** Says on standard error which modules of the bundle are imported. */
const chunks = `
  import { writeSync } from 'node:fs'
  export async function resolve(specifier, context, next) {
    if (specifier.startsWith('./')) writeSync(2, specifier + '\\n')
    return next(specifier, context)
  }`
const tellsChunks = moduleUrl(
  `import { register } from 'node:module'; register(${JSON.stringify(moduleUrl(chunks))})`,
)

t.test('commands that only read files run from one script, and do the same', async (t) => {
  const good = writeConfig(t, yamlWith({}), { 'broken.yaml': 'routes: 7', 'tests.yaml': tests })
  const [broken, testFile] = [join(dirname(good), 'broken.yaml'), join(dirname(good), 'tests.yaml')]
  const runs = [
    ['explain', '--config', good, 'GET', '/x', '--scopes', 'a', '--json'],
    ['explain', '--config', good, 'NO METHOD', '/x'],
    ['explain', '--config', broken, 'GET', '/x'],
    ['check', good],
    ['test', testFile],
  ]
  for (const args of runs) {
    const [tested, bundled] = await Promise.all([
      runPostern(t, args),
      runPostern(t, args, { program: shipped, nodeArgs: ['--import', tellsChunks] }),
    ])
    t.strictSame(bundled, tested, args.join(' '))
    t.not(tested.stdout + tested.stderr, '')
  }
})

t.test('what opens a cookie runs from modules', async (t) => {
  const args = ['explain', '--config', writeConfig(t, yamlWith({})), 'GET', '/x', '--cookie', '-']
  const bundled = await runPostern(t, args, { program: shipped, nodeArgs: ['--import', tellsChunks] })
  t.match(bundled, { code: 3, stdout: /^Decision/m, stderr: /^\.\/explain-/m })
})

t.test('its script imports nothing but what it is not asked for', async (t) => {
  const script = readFileSync(join(dist, 'precompiled.cjs'), 'utf8')
  const imported = [...script.matchAll(/\bimport\("(.*?)"\)[^.]/g)].map(([, name]) => name)
  const others = ['../explain/cookie.ts', './demo.ts', './migrate.ts', './print.ts', './serve.ts']
  t.strictSame(imported.sort(), others)
})

t.test('what is compiled is for this version of Node', async (t) => {
  const script = readFileSync(join(dist, 'precompiled.cjs'))
  const stored = readFileSync(join(dist, 'precompiled.bin'))
  const [digest, cachedData] = [stored.subarray(0, 32), stored.subarray(32)]
  t.strictSame(createHash('sha256').update(script).update(cachedData).digest(), digest)
  t.equal(new Script(String(script), { cachedData }).cachedDataRejected, false, 'npm run build makes it')
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
