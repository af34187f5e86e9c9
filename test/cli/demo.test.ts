import { fileURLToPath } from 'node:url'
import t from 'tap'
import { writeConfig } from '../config/support.ts'
import { freePort } from '../support/free-port.ts'
import { runPostern, startPostern, takePort } from './postern.ts'

const rules = fileURLToPath(new URL('../../../config/demo.yaml', import.meta.url))

t.test('the demo starts, prints what to try, and ends with 0', async (t) => {
  const port = await freePort()
  const postern = startPostern(t, ['demo', '--config', rules, '--port', String(port)])
  await postern.says(/Stop with Ctrl-C/)
  t.match(postern.stdout(), `Open        http://localhost:${port}\n`)
  t.equal((await fetch(`http://localhost:${port}/public/hello`)).status, 200)
  postern.child.kill('SIGINT')
  t.strictSame(await postern.ended, { code: 0, signal: null })
  t.equal(postern.stderr(), '')
})

t.test('a taken port is one line that says what to do', async (t) => {
  const port = String(await takePort(t))
  const { code, stdout, stderr } = await runPostern(t, ['demo', '--config', rules, '--port', port])
  t.strictSame([code, stdout], [1, ''])
  t.match(stderr, /^postern: listen EADDRINUSE[^\n]*; choose another port: npm run demo -- --port \d+\n$/)
})

t.test('a rule file with problems is 78, and nothing is left running', async (t) => {
  const file = writeConfig(t, 'routes: []')
  const { code, stderr } = await runPostern(t, ['demo', '--config', file])
  t.equal(code, 78)
  t.match(stderr, 'routes')
})

t.test('it refuses to run in production, in one line', async (t) => {
  for (const only of [[], ['--only', 'provider'], ['--only', 'upstream']]) {
    const env = { NODE_ENV: 'production' }
    const { code, stdout, stderr } = await runPostern(t, ['demo', '--config', rules, ...only], { env })
    t.strictSame([code, stdout], [1, ''])
    t.match(stderr, /^postern: the demo (provider|upstream) is for [^\n]* NODE_ENV=production\n$/)
  }
})

t.test('a part can be run alone, as the containers of the demo do', async (t) => {
  const [provider, upstream] = [await freePort(), await freePort()]
  const start = (only: string, port: number, ...more: string[]) =>
    startPostern(t, ['demo', '--only', only, '--port', String(port), ...more])
  const parts = [
    start('provider', provider, '--host', 'localhost', '--public-url', 'https://app.example.com'),
    start('upstream', upstream, '--bind', '127.0.0.2'),
  ]
  await Promise.all([
    parts[0]?.says(new RegExp(`^provider: http://localhost:${provider}\n`)),
    parts[1]?.says(new RegExp(`^upstream: http://127\\.0\\.0\\.2:${upstream}\n`)),
  ])
  t.equal((await fetch(`http://127.0.0.2:${upstream}/`)).status, 200)
  const authorize = new URL(`http://127.0.0.1:${provider}/auth`)
  authorize.search = String(
    new URLSearchParams({
      client_id: 'postern-demo',
      response_type: 'code',
      scope: 'openid',
      redirect_uri: 'https://app.example.com/oauth2/callback',
      code_challenge: 'E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM',
      code_challenge_method: 'S256',
    }),
  )
  t.match((await fetch(authorize, { redirect: 'manual' })).headers.get('location'), /\/interaction\//)
  for (const { child, ended } of parts) {
    child.kill('SIGTERM')
    t.strictSame(await ended, { code: 0, signal: null })
  }
})
