import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { runCheck } from '../../src/cli/check.ts'
import { configJsonSchema } from '../../src/config/json-schema.ts'
import { loadConfig } from '../../src/config/load.ts'
import { configReference } from '../../src/config/reference.ts'
import { ruleProblems } from '../../src/core/rules.ts'
import { goodKey } from '../lint/support.ts'
import { writeConfig } from './support.ts'

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

const secret = 'p7Yk2vQx9sLm4TzR8wBn'
const env = { POSTERN_CLIENT_SECRET: secret, POSTERN_SESSION_KEY: goodKey('published') }

/** What the check says when warnings fail, too. */
function strictly(file: string, more: Record<string, string> = {}): string[] {
  const lines: string[] = []
  runCheck(file, { env: { ...env, ...more }, write: (line) => lines.push(line), strict: true })
  return lines.map((line) => line.replace(file, 'FILE'))
}

t.test('the example loads, with the two secrets in the environment', async (t) => {
  const config = loadConfig('config/postern.yaml', { env })
  t.equal(config.routes.length, 5)
  t.equal(config.provider?.client_secret, secret)
  t.strictSame(strictly('config/postern.yaml'), ['FILE is valid: 5 routes, 2 upstreams'])
})

t.test('the example loads with its commented sections and all of its routes, too', async (t) => {
  const yaml = published('postern.yaml')
    .replace(/^# (?=bearer:|forward_auth:|redirect:|audit:|tracing:| {2})/gm, '')
    .replace(/^ {2}# (?=- \{)/gm, '  ')
    .replace('trusted_proxies: []', 'trusted_proxies: [10.0.0.0/8]')
  const file = writeConfig(t, yaml)
  const full = { ...env, POSTERN_OTLP_AUTHORIZATION: 'Basic eDp5' }
  const { bearer, forward_auth, redirect, audit, tracing, routes } = loadConfig(file, {
    env: full,
    checkRules: ruleProblems,
  })
  t.match(bearer, { issuers: [{ type: 'any' }], introspection: { cache: 30_000 } })
  t.match(forward_auth, { preset: 'nginx', token: 'access' })
  t.match(redirect.allowed_hosts, ['*.apps.example.com', 'wiki.example.com:8443'])
  t.match(audit, { file: '/var/log/postern/audit.jsonl', allowed: 0.01 })
  t.match(tracing, { sample: 0.05, headers: { Authorization: 'Basic eDp5' } })
  t.equal(routes.length, 8)
  t.match(routes.map(({ maxAge, onMissingScope, cors }) => ({ maxAge, onMissingScope, cors })).slice(4, 7), [
    { maxAge: 300 },
    { onMissingScope: 'request' },
    { cors: { credentials: true } },
  ])
  t.strictSame(strictly(file, full), ['FILE is valid: 8 routes, 2 upstreams'])
})

t.test('the rules of the demo have no warnings, on one machine and in containers', async (t) => {
  const demo = {
    POSTERN_DEMO_PUBLIC_URL: 'http://localhost:4180',
    POSTERN_CLIENT_SECRET: 'demo-client-secret',
  }
  const alone = {
    POSTERN_DEMO_LISTEN: '127.0.0.1:4180',
    POSTERN_DEMO_ISSUER: 'http://127.0.0.1:9400',
    POSTERN_DEMO_UPSTREAM: 'http://127.0.0.1:9500',
  }
  const composed = {
    POSTERN_DEMO_LISTEN: '0.0.0.0:4180',
    POSTERN_DEMO_ISSUER: 'http://provider.localhost:9400',
    POSTERN_DEMO_UPSTREAM: 'http://upstream:9500',
  }
  for (const where of [alone, composed])
    t.strictSame(strictly('config/demo.yaml', { ...demo, ...where }), [
      'FILE is valid: 11 routes, 1 upstream',
    ])
})
