import { readFileSync } from 'node:fs'
import t from 'tap'

type Locked = {
  version: string
  resolved?: string
  dev?: boolean
  optionalDependencies?: Record<string, string>
}

const file = new URL('../../package-lock.json', import.meta.url)
const packages: Record<string, Locked> = JSON.parse(readFileSync(file, 'utf8')).packages

/** The least version of each, within its major: below lies a known hole, above a major that was not looked at. */
const floors: Readonly<Record<string, string>> = {
  fastify: '5.12.2',
  undici: '7.30.2',
  ws: '8.21.0',
  yaml: '2.8.3',
  'find-my-way': '9.7.0',
  jose: '6.0.0',
  'openid-client': '6.0.0',
  '@fastify/secure-session': '8.4.0',
}

/** These may be absent; where a dependency brings them, the floor holds. */
const optional: Readonly<Record<string, string>> = {
  '@fastify/http-proxy': '11.6.2',
  '@fastify/reply-from': '12.6.4',
}

t.test('the lockfile holds no version below its floor', async (t) => {
  for (const [name, floor] of Object.entries({ ...floors, ...optional })) {
    const found = versionsOf(name)
    t.ok(found.length > 0 || name in optional, `${name} is there`)
    for (const version of found) t.ok(isAtLeast(version, floor), `${name} ${version} is ${floor} or newer`)
  }
})

t.test('what is installed is what is locked', async (t) => {
  for (const name of Object.keys(floors)) {
    const manifest = new URL(`../../node_modules/${name}/package.json`, import.meta.url)
    const { version } = JSON.parse(readFileSync(manifest, 'utf8'))
    t.equal(version, packages[`node_modules/${name}`]?.version, name)
  }
})

t.test('a version is compared by numbers, within its major', async (t) => {
  t.ok(isAtLeast('7.30.2', '7.30.2'))
  t.ok(isAtLeast('7.100.0', '7.30.2'))
  t.notOk(isAtLeast('7.9.9', '7.30.2'))
  t.notOk(isAtLeast('7.30.1', '7.30.2'))
  t.notOk(isAtLeast('8.0.0', '7.30.2'))
})

t.test('the lockfile holds no download addresses', async (t) => {
  const resolved = Object.entries(packages).filter(([, { resolved }]) => resolved !== undefined)
  t.strictSame(resolved, [])
})

t.test('the lockfile knows the packages of other platforms too: npm ci needs them to be there', async (t) => {
  const optional = Object.values(packages).flatMap((locked) => Object.keys(locked.optionalDependencies ?? {}))
  t.ok(optional.length > 0)
  for (const name of optional) t.ok(versionsOf(name).length > 0, name)
})

t.test('dependencies are pinned to one version', async (t) => {
  const { dependencies, devDependencies } = packages[''] as unknown as Record<string, Record<string, string>>
  for (const [name, version] of Object.entries({ ...dependencies, ...devDependencies }))
    t.match(version, /^\d+\.\d+\.\d+$/, name)
})

/** Every copy of the package but those that development tools keep for themselves. */
function versionsOf(name: string): string[] {
  const own = `node_modules/${name}`
  const copies = Object.entries(packages).filter(
    ([place, { dev }]) => place === own || (place.endsWith(`/${own}`) && !dev),
  )
  return copies.map(([, { version }]) => version)
}

function isAtLeast(version: string, floor: string): boolean {
  const [major, minor, patch] = version.split('.').map(Number) as [number, number, number]
  const [sameMajor, leastMinor, leastPatch] = floor.split('.').map(Number) as [number, number, number]
  if (major !== sameMajor) return false
  return minor > leastMinor || (minor === leastMinor && patch >= leastPatch)
}
