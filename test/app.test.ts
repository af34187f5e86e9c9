import { connect } from 'node:net'
import t from 'tap'
import { buildApp } from '../src/app.ts'
import { loadConfig } from '../src/config/load.ts'
import { ruleProblems } from '../src/core/rules.ts'
import { createLogger } from '../src/logs/logger.ts'
import { testKey } from './support/gateway.ts'
import { record, startRecorder } from './support/recorder.ts'

function configFor(upstream: string, ...more: string[]) {
  const text = [
    'server: { listen: "127.0.0.1:0", public_url: "http://localhost", dangerously_allow_http: true }',
    'admin: { listen: "127.0.0.1:0" }',
    'provider: { issuer: "http://issuer.test", client_id: x, client_secret: y, dangerously_allow_http: true }',
    `session: { keys: [${testKey}] }`,
    `upstreams: { web: { url: "${upstream}" } }`,
    'routes: [ { path: /**, upstream: web, access: public } ]',
    'logging: { format: json }',
    ...more,
  ]
  return loadConfig('test.yaml', { env: {}, readFile: () => text.join('\n'), checkRules: ruleProblems })
}

t.test('closing lets a request under way finish only as long as it may take', async (t) => {
  const upstream = await startRecorder()
  t.teardown(upstream.close)
  let lines = ''
  const destination = {
    write: (line: string) => {
      lines += line
    },
  }
  const { logger } = createLogger({ level: 'info', format: 'json', isTerminal: false, destination })
  let endPatience = () => {}
  const patience = new Promise<void>((resolve) => {
    endPatience = resolve
  })
  const app = await buildApp(configFor(upstream.origin), { logger, sleep: () => patience })
  const { publicAddress } = await app.listen()
  const told = 'test.yaml:3:21  provider.issuer  is not encrypted (http://issuer.test): '
  t.match(lines, told, 'what such a switch lets pass is a warning at every start, with its place')
  const client = record(connect(Number(new URL(publicAddress).port), '127.0.0.1'))
  client.send('GET /x HTTP/1.1\r\nHost: localhost\r\n\r\n')
  await (await upstream.connection(0)).sees('/x')
  const closed = app.close()
  await t.rejects(app.prepare(configFor(upstream.origin)), { message: 'the gateway is about to stop' })
  endPatience()
  await closed
  await client.closed
  t.equal(client.bytes(), '')
})

t.test('an app needs no more than a configuration and a logger', async (t) => {
  const upstream = await startRecorder('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n')
  t.teardown(upstream.close)
  const { logger } = createLogger({ level: 'silent', format: 'json', isTerminal: false })
  const app = await buildApp(configFor(upstream.origin, 'audit: { file: stdout }'), { logger })
  await app.gateway().router.ready()
  const answer = await app.gateway().router.inject({ url: '/nothing', headers: { host: 'evil.test' } })
  t.equal(answer.statusCode, 421)
  t.equal(
    (await app.gateway().router.inject({ url: '/oauth2/start', headers: { host: 'localhost' } })).statusCode,
    503,
  )
  app.sweep()
  await app.close()
})
