import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { loadConfig } from '../../src/config/load.ts'
import { configReference } from '../../src/config/reference.ts'
import { ruleProblems } from '../../src/core/rules.ts'
import { testKey, writeConfig } from './support.ts'

const published = (name: string) => readFileSync(join('config', name), 'utf8')

t.test('the published JSON Schema is that of the code (npm run docs writes it)', async (t) => {
  t.strictSame(JSON.parse(published('postern.schema.json')), JSON.parse(JSON.stringify(configJsonSchema())))
})

t.test('the published reference is that of the code (npm run docs writes it)', async (t) => {
  t.equal(published('README.md'), configReference())
})

t.test('the JSON Schema documents every key', async (t) => {
  const undocumented = (path: string, schema: Record<string, unknown>): string[] =>
    Object.entries(schema).flatMap(([key, child]) => {
      if (typeof child !== 'object' || child === null || key === 'default' || key === 'examples') return []
      if (key !== 'properties') return undocumented(`${path}/${key}`, child as Record<string, unknown>)
      return Object.entries(child as Record<string, Record<string, unknown>>).flatMap(([name, property]) => [
        ...['title', 'description', 'examples']
          .filter((fact) => !(fact in property))
          .map((fact) => `${path}.${name} ${fact}`),
        ...undocumented(`${path}.${name}`, property),
      ])
    })
  t.strictSame(undocumented('', configJsonSchema()), [])
})

const env = { POSTERN_CLIENT_SECRET: 'hush', POSTERN_SESSION_KEY: testKey }

t.test('the example loads, with the two secrets in the environment', async (t) => {
  const config = loadConfig('config/postern.yaml', { env })
  t.equal(config.routes.length, 5)
  t.equal(config.provider?.client_secret, 'hush')
  t.strictSame(config.warnings, [])
})

t.test('the example loads with its commented sections and all of its routes, too', async (t) => {
  const yaml = published('postern.yaml')
    .replace(/^# (?=bearer:|forward_auth:|redirect:| {2})/gm, '')
    .replace(/^ {2}# (?=- \{)/gm, '  ')
    .replace('trusted_proxies: []', 'trusted_proxies: [10.0.0.0/8]')
  const { bearer, forward_auth, redirect, routes, warnings } = loadConfig(writeConfig(t, yaml), {
    env,
    checkRules: ruleProblems,
  })
  t.match(bearer, { issuers: [{ type: 'any' }], introspection: { cache: 30_000 } })
  t.match(forward_auth, { preset: 'nginx', token: 'access' })
  t.match(redirect.allowed_hosts, ['*.apps.example.com', 'wiki.example.com:8443'])
  t.equal(routes.length, 8)
  t.match(routes.map(({ maxAge, onMissingScope, cors }) => ({ maxAge, onMissingScope, cors })).slice(4, 7), [
    { maxAge: 300 },
    { onMissingScope: 'request' },
    { cors: { credentials: true } },
  ])
  t.strictSame(warnings, [])
})
