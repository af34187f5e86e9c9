import { existsSync } from 'node:fs'
import { join } from 'node:path'
import t from 'tap'
import { parse } from 'yaml'
import { keyOf } from '../../src/migrate/option-names.ts'
import { options } from '../../src/migrate/options.ts'
import { blocksOf, inlineCodeOf, localLinksOf, projectFile, rowsUnder } from '../docs/markdown.ts'
import { migrateText } from './support.ts'

const page = projectFile('config/migrating-from-oauth2-proxy.md')
const reference = new Set(
  [...projectFile('config/README.md').matchAll(/^#+ `?([^`\n]+)`?$/gm)].map(([, key = '']) => key),
)

t.test('the table of options is the one of the program', async (t) => {
  const fates = { same: 'nothing to write', none: 'no equivalent' }
  const rows = Object.entries(options).map(([flag, option]) => {
    const keys = option.to?.split(', ').map((key) => `\`${key}\``)
    const becomes = option.fate === 'translated' ? keys?.join(', ') : fates[option.fate]
    return [`\`--${flag}\`, \`${keyOf(flag)}\``, becomes, option.says]
  })
  t.strictSame(rowsUnder(page, '## Options'), rows)
})

t.test('every key that an option becomes exists', async (t) => {
  const shared = ['identity_headers', 'provider.authorization_params.']
  const keys = Object.values(options).flatMap(({ to }) => to?.split(', ') ?? [])
  for (const key of keys.filter((name) => !shared.some((start) => name.startsWith(start))))
    t.ok(reference.has(key), key)
})

t.test('every key and option that the text names exists', async (t) => {
  const codes = inlineCodeOf(page)
  const keys = codes.filter((code) =>
    /^(?:server|session|upstreams|forward_auth|redirect)\.[\w.]+$/.test(code),
  )
  t.ok(keys.length > 10)
  for (const key of keys) t.ok(reference.has(key), key)
  const named = codes.filter((code) => /^[a-z]+_[a-z_]+$/.test(code))
  const known = [
    ...Object.keys(options).map(keyOf),
    ...[...reference].flatMap((key) => key.split('.').at(-1) ?? []),
  ]
  t.strictSame(
    named.filter(
      (name) =>
        !known.includes(name) &&
        !/^(?:allowed_emails|allowed_email_domains|offline_access|preferred_username|private_key_jwt)$/.test(
          name,
        ),
    ),
    [],
  )
})

t.test('the endpoints are those of the README', async (t) => {
  const endpoints = rowsUnder(page, '## Endpoints').map(([theirs = '', ours]) => [theirs, ours])
  const same = endpoints
    .filter(([, ours]) => ours === 'the same')
    .map(([theirs = '']) => theirs.slice('`/oauth2/'.length, -1))
  t.strictSame(
    [...new Set(same.map((name) => name.replace(/\?.*/, '')))],
    [...['auth', 'start', 'sign_in', 'callback', 'sign_out', 'userinfo']],
  )
  const readme = projectFile('README.md')
  for (const name of same)
    t.match(readme, new RegExp(`\`(?:GET |POST )?${name.replace(/\?.*/, '')}[?\`]`), name)
})

t.test('YAML, links and what it says of expressions', async (t) => {
  for (const { text } of blocksOf(page, 'yaml')) t.equal(parse(text).server.prefix, '/_auth')
  for (const link of localLinksOf(page)) t.ok(existsSync(join('config', link.replace(/#.*/, ''))), link)
  t.match(
    migrateText('upstreams = ["http://a"]\nskip_auth_routes = ["^/api"]'),
    'path: /api/**, upstream: app, access: public',
  )
})

t.test('the README leads here', async (t) => {
  t.ok(localLinksOf(projectFile('README.md')).includes('config/migrating-from-oauth2-proxy.md'))
})
