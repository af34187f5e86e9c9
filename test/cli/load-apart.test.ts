import t from 'tap'
import { loadConfigApart } from '../../src/cli/load-apart.ts'
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
