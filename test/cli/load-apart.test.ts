import { readdirSync, readFileSync } from 'node:fs'
import { platform } from 'node:os'
import { setImmediate } from 'node:timers/promises'
import t from 'tap'
import { loadApart, loadConfigApart } from '../../src/cli/load-apart.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type Overrides, writeConfig, yamlWith } from '../config/support.ts'

const bearer = `bearer:
  issuers: [{ issuer: https://login.example.com, audience: [a, b], type: at+jwt, scope_claim: roles }]
  introspection: { endpoint: https://login.example.com/i, client_id: a, client_auth: private_key_jwt, client_key_file: key.pem, audience: a }
  tls: { ca_file: cert.pem }`

const configurations: [string, Overrides][] = [
  ['a login', {}],
  ['a login and bearer tokens', { bearer }],
  ['bearer tokens only', { provider: '', session: '', bearer }],
]

for (const [name, overrides] of configurations) {
  t.test(`a configuration with ${name} comes out of its thread as it was loaded`, async (t) => {
    const file = writeConfig(t, yamlWith(overrides))
    const config = await loadConfigApart(file)
    t.strictSame(config, loadConfig(file, { env: {} }))
    t.ok([config, config.bearer ?? config, config.bearer?.issuers ?? config].every(Object.isFrozen))
    t.ok(config.session.keys.every(Buffer.isBuffer))
  })
}

t.test('problems come out of it too', async (t) => {
  const file = writeConfig(t, yamlWith({ provider: '', session: '', bearer: 'bearer: {}' }))
  await t.rejects(loadConfigApart(file), {
    name: 'ConfigError',
    problems: [{ line: 8, column: 9, path: 'bearer.issuers' }],
  })
})

t.test('where no priority can be taken it loads all the same', async (t) => {
  const file = writeConfig(t, yamlWith({}))
  t.match(await loadApart(file, 100), { config: loadConfig(file, { env: {} }) })
})

t.test(
  'its thread gives way to all others where it is told to',
  { skip: platform() !== 'linux' },
  async (t) => {
    const rules = Array.from(
      { length: 200 },
      (_, index) => `{ path: /${index}, upstream: web, access: authenticated }`,
    )
    const file = writeConfig(t, yamlWith({ routes: `routes: [${rules.join(', ')}]` }))
    const seen = await prioritiesDuring(loadApart(file, 10))
    t.ok(seen.has(10))
    t.equal(niceOf(process.pid), 0, 'that of requests is what it was')
    t.notOk((await prioritiesDuring(loadApart(file))).has(10))
  },
)

/** Of every thread that was seen until it settled. */
async function prioritiesDuring(loading: Promise<unknown>): Promise<Set<number>> {
  const seen = new Set<number>()
  let isOver = false
  const over = loading.finally(() => {
    isOver = true
  })
  while (!isOver) {
    for (const thread of readdirSync('/proc/self/task')) seen.add(niceOf(thread))
    await setImmediate()
  }
  await over
  return seen
}

/** Of a thread of this process, which may be gone. */
function niceOf(thread: number | string): number {
  try {
    const stat = readFileSync(`/proc/self/task/${thread}/stat`, 'utf8')
    // After the name, which may have spaces and brackets in it, come 16 fields, then this.
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16])
  } catch {
    return 0
  }
}
