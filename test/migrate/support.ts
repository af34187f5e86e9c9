import { readFileSync } from 'node:fs'
import { loadConfig } from '../../src/config/load.ts'
import type { Config } from '../../src/config/schema.ts'
import type { Preset } from '../../src/config/schema-forward-auth.ts'
import { ruleProblems } from '../../src/core/rules.ts'
import { migrated, readParts } from '../../src/migrate/migrate.ts'
import type { Format } from '../../src/migrate/read.ts'
import { testKey } from '../config/support.ts'

/** What somebody sets, or decides, before the configuration is used. */
export const env: Readonly<Record<string, string>> = {
  POSTERN_CLIENT_SECRET: 'a new secret',
  POSTERN_CLIENT_KEY_FILE: '/run/key.pem',
  POSTERN_SESSION_KEY: testKey,
  POSTERN_PUBLIC_URL: 'https://app.example.com',
  POSTERN_TRUSTED_PROXY: '192.0.2.10',
  POSTERN_ISSUER: 'https://login.example.com',
  POSTERN_AUTHORIZATION_URL: 'https://login.example.com/authorize',
  POSTERN_TOKEN_URL: 'https://login.example.com/token',
  POSTERN_USERINFO_URL: 'https://login.example.com/me',
  POSTERN_CLIENT_ID: 'app',
  POSTERN_UPSTREAM_URL: 'http://127.0.0.1:8080',
  POSTERN_ALLOWED_EMAIL: 'alice@example.com',
  POSTERN_ALLOWED_GROUP: 'staff',
  POSTERN_ALLOWED_USER: 'alice',
}

/** Files that a configuration names have content that fits. */
function readNamedFile(path: string): string {
  if (path.endsWith('key.pem')) return '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n'
  return path.endsWith('.pem')
    ? '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n'
    : 'a secret\n'
}

/** Loads a configuration that was printed, with these variables set. */
export function loadPrinted(yaml: string, variables: Readonly<Record<string, string>> = env): Config {
  const readFile = (path: string) => (path.endsWith('postern.yaml') ? yaml : readNamedFile(path))
  return loadConfig('postern.yaml', { env: variables, readFile, checkRules: ruleProblems })
}

/** What `postern migrate` prints for a text. */
export function migrateText(
  text: string,
  { format, preset }: { format?: Format; preset?: Preset } = {},
): string {
  return migrated(readParts(text, format), preset)
}

/** What it prints for options, each by its key, on top of those that leave nothing to decide. */
export function migrateOptions(options: Readonly<Record<string, unknown>>, preset?: Preset): string {
  const base = {
    provider: 'oidc',
    oidc_issuer_url: 'https://login.example.com',
    client_id: 'app',
    email_domains: ['*'],
    redirect_url: 'https://app.example.com/oauth2/callback',
    upstreams: ['http://web:8080'],
  }
  const lines = Object.entries({ ...base, ...options }).flatMap(([key, value]) =>
    value === undefined ? [] : [`${key} = ${JSON.stringify(value)}`],
  )
  return migrateText(lines.join('\n'), { format: 'toml', ...(preset && { preset }) })
}

/** The comment of what was printed, as one line of text. */
export function commentOf(yaml: string): string {
  const lines = yaml.split('\n').filter((line) => line.startsWith('#'))
  return lines.map((line) => line.slice(1).trim()).join(' ')
}

/** An example, or what is expected of it. */
export function exampleFile(name: string): string {
  return readFileSync(`test/migrate/examples/${name}`, 'utf8')
}
