import { join } from 'node:path'
import type { Test } from 'tap'
import { type LoadOptions, loadConfig } from '../../src/config/load.ts'
import { type ConfigError, type Problem, renderProblem } from '../../src/config/problem.ts'
import type { Config } from '../../src/config/schema.ts'

/** A key that is good enough for tests: the bytes 0 to 31. */
export const testKey = Buffer.from(Array.from({ length: 32 }, (_, index) => index)).toString('base64')

/** One line a section, so that the line number of a problem tells its section. */
const sections = {
  server: 'server: { public_url: https://app.example.com }',
  admin: 'admin: {}',
  provider: 'provider: { issuer: https://login.example.com, client_id: postern, client_secret: hush }',
  session: `session: { keys: [${testKey}] }`,
  upstreams: 'upstreams: { web: { url: https://web:3443 } }',
  routes: 'routes: [{ path: /**, upstream: web, access: authenticated }]',
  logging: 'logging: {}',
}

/** Sections that replace those of a good configuration, or stand after them; an empty text takes one out. */
export type Overrides = Partial<
  typeof sections & { bearer: string; forward_auth: string; redirect: string; audit: string; tracing: string }
>

/** A good configuration with some of its sections replaced. */
export function yamlWith(overrides: Overrides): string {
  return Object.values({ ...sections, ...overrides }).join('\n')
}

/** Writes a configuration and the files it may name into a folder of the test, and returns its path. */
export function writeConfig(
  t: Test,
  yaml: string | Buffer,
  files: Record<string, string | Buffer> = {},
): string {
  const folder = t.testdir({
    'postern.yaml': yaml,
    secret: 'top-secret\n',
    keys: `${testKey}\n\n${Buffer.from(testKey, 'base64').reverse().toString('base64url')}\n`,
    'cert.pem': '-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n',
    'key.pem': '-----BEGIN PRIVATE KEY-----\nAA==\n-----END PRIVATE KEY-----\n',
    ...files,
  })
  return join(folder, 'postern.yaml')
}

/** A good configuration with some of its sections replaced, loaded. */
export function load(t: Test, overrides: Overrides, env: Record<string, string> = {}): Config {
  return loadConfig(writeConfig(t, yamlWith(overrides)), { env })
}

/** Findings as they are shown, without the file. */
export function linesOf(problems: readonly Problem[]): string[] {
  return problems.map((problem) => renderProblem(problem).slice(problem.file.length + 1))
}

/** Every problem of a configuration as it is shown, without the folder; none when it loads. */
export function problemLines(t: Test, yaml: string | Buffer, options: LoadOptions = { env: {} }): string[] {
  const file = writeConfig(t, yaml)
  try {
    loadConfig(file, options)
    return []
  } catch (error) {
    return (error as ConfigError).message.split('\n').map((line) => line.replace(file, 'postern.yaml'))
  }
}
