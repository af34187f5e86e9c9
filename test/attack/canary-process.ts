import type { Test } from 'tap'
import { runCheck } from '../../src/cli/check.ts'
import { ruleProblems } from '../../src/core/rules.ts'
import { runPostern, startPostern } from '../cli/postern.ts'
import { writeConfig, yamlWith } from '../config/support.ts'
import { freePort } from '../support/free-port.ts'
import { findLeaks, mark } from './marks.ts'

/** A row about what a process writes. */
export type ProcessRow = Readonly<{ name: string; check: (t: Test) => Promise<void> }>

const secret = mark('Secret')
const goodKey = Buffer.from(`${mark('Key')}-of-thirty-two-bytes-at-all`.slice(0, 32)).toString('base64')
const provider = `issuer: https://login.example.com, client_id: postern`

/** Sections with a secret where it does not belong, or that something else is wrong with. */
const badSections: readonly Parameters<typeof yamlWith>[0][] = [
  { provider: `provider: { ${provider}, client_secret ${secret} }` },
  { provider: `provider: { ${provider}, client_secret=${secret} }` },
  { provider: `provider: { ${provider}, client_secret: { ${secret} } }` },
  { provider: `provider: { ${provider}, client_secret: [${secret}] }` },
  { provider: `provider: { ${provider}, client_secret: "${secret}\\n" }` },
  { provider: `provider: { ${provider}, client_secret_file: ${secret} }` },
  { provider: `provider: { ${provider}, client_secret: ${secret}, client_secret_file: ${secret} }` },
  {
    provider: `provider: { issuer: "https://alice:${secret}@x.test", client_id: p, client_secret: ${secret} }`,
  },
  { provider: `provider: ${secret}` },
  { session: `session: { keys: { ${goodKey} } }` },
  { session: `session: { keys: [{ ${goodKey} }] }` },
  { session: `session: { keys: [${goodKey}, ${goodKey}] }` },
  { session: `session: { keys: [${goodKey.slice(4)}] }` },
  { session: `session: { keys: [${goodKey} }` },
  { session: `session: { keys: ["${goodKey}] }` },
  { session: `session: { ${goodKey}: , keys: [${goodKey}] }` },
  { session: `session: [${goodKey}]` },
  { session: `session: { keys: [${goodKey}], keys_file: ${goodKey} }` },
  { session: `session:\n\tkeys: ${goodKey}` },
  { upstreams: `upstreams: { web: { url: "http://alice:${secret}@web" } }` },
  { upstreams: `upstreams: { web: { url: https://web, token: ${secret} } }` },
  {
    upstreams: `upstreams: { web: { url: https://web, tls: { cert_file: ${secret}, key_file: ${secret} } } }`,
  },
  { server: `server: { public_url: "https://alice:${secret}@app.example.com", listen: ${secret} }` },
  { server: `server: { public_url: https://app.example.com, tls: { key: ${secret} } }` },
  { routes: `routes: [{ path: ${secret}, upstream: ${secret}, access: ${secret}, methods: ${secret} }]` },
  { logging: `logging: { level: ${secret}, format: ${secret} }` },
  { logging: `logging: !${secret} x` },
  { logging: `logging: *${secret}` },
  { logging: `"${secret}` },
  {
    logging: `bearer: { issuers: [{ issuer: "https://u:${secret}@x.test", audience: a }], introspection: { client_id: a, client_secret: [${secret}], endpoint: "${secret}" } }`,
  },
]

const checks = badSections.map(
  (sections, index): ProcessRow => ({
    name: `a configuration that is wrong: ${index + 1}`,
    async check(t) {
      const file = writeConfig(t, yamlWith(sections))
      const lines: string[] = []
      const code = runCheck(file, { env: {}, write: (line) => lines.push(line), checkRules: ruleProblems })
      t.equal(code, 78)
      t.strictSame(findLeaks(lines.join('\n'), [goodKey]), [], lines.join('\n'))
    },
  }),
)

/** The command line adds nothing to what the check found. */
const refusal: ProcessRow = {
  name: 'a process that does not start',
  async check(t) {
    const yaml = yamlWith({ provider: `provider: { ${provider}, client_secret ${secret} }` })
    const file = writeConfig(t, yaml.replace('admin: {}', `admin: { ${goodKey} }`))
    for (const args of [
      ['check', file],
      ['serve', '--config', file],
    ]) {
      const { code, stdout, stderr } = await runPostern(t, args)
      t.equal(code, 78)
      t.strictSame(findLeaks(stdout + stderr, [goodKey]), [], stdout + stderr)
    }
  },
}

/** All that `postern serve` writes, with a provider that is not there and one request full of secrets. */
const serves = ['json', 'pretty'].map(
  (format): ProcessRow => ({
    name: `a process from start to end, its log ${format}`,
    async check(t) {
      const [port, admin] = [await freePort(), await freePort()]
      const yaml = [
        `server: { listen: "127.0.0.1:${port}", public_url: "http://localhost:${port}" }`,
        `admin: { listen: "127.0.0.1:${admin}" }`,
        `provider: { issuer: "http://127.0.0.1:9", client_id: postern, client_secret: "$\{CANARY_SECRET}" }`,
        `session: { keys: ["$\{CANARY_KEY}"] }`,
        'upstreams: { web: { url: "http://127.0.0.1:9" } }',
        'routes: [{ path: /**, upstream: web, access: public }]',
        `logging: { level: trace, format: ${format} }`,
      ].join('\n')
      const env = { CANARY_SECRET: secret, CANARY_KEY: goodKey }
      const postern = startPostern(t, ['serve', '--config', writeConfig(t, yaml)], { env })
      await postern.says(/Postern serves/)
      const headers = { authorization: `Bearer ${mark('Bearer')}`, cookie: `postern=${mark('Cookie')}` }
      for (const path of ['x', 'oauth2/start', 'oauth2/callback']) {
        const answer = await fetch(`http://127.0.0.1:${port}/${path}?token=${mark('Token')}`, { headers })
        t.strictSame(findLeaks(await answer.text(), [goodKey]), [])
      }
      postern.child.kill('SIGTERM')
      t.equal((await postern.ended).code, 0)
      t.match(postern.stdout(), /GET \/x/)
      t.strictSame(findLeaks(postern.stdout() + postern.stderr(), [goodKey]), [], postern.stdout())
    },
  }),
)

/** Configurations that are wrong, and processes from start to end. */
export const processRows = [...checks, refusal, ...serves]
