import { type Option, options } from './options.ts'

/** The key of an option in a configuration file: `email_domains`. */
export function keyOf(flag: string): string {
  const { key, kind } = options[flag] as Option
  return key ?? `${flag.replaceAll('-', '_')}${kind === 'list' ? 's' : ''}`
}

/** Another spelling of these would be passed over by oauth2-proxy, and could let somebody in here. */
const strict: ReadonlySet<string> = new Set([
  'email-domain',
  'skip-auth-route',
  'skip-auth-regex',
  'extra-jwt-issuers',
  'trusted-proxy-ip',
])

/** By the flag and the key, as oauth2-proxy knows them. */
const exact = new Map(Object.keys(options).flatMap((flag) => [flag, keyOf(flag)].map((name) => [name, flag])))

/** By the other spellings that people use, as older versions did: the singular for the plural, and so on. */
const loose = new Map(
  Object.keys(options)
    .filter((flag) => !strict.has(flag))
    .flatMap((flag) => [flag, `${flag}s`].map((name) => [name.replaceAll('-', '_'), flag])),
)

/** The flag of an option, however it is spelled; undefined for what is no option. */
export function flagNamed(name: string): string | undefined {
  return exact.get(name.toLowerCase()) ?? loose.get(name.toLowerCase().replaceAll('-', '_'))
}

/** Tells whether an option is spelled as oauth2-proxy has it. */
export function isExactName(name: string): boolean {
  return exact.has(name.toLowerCase())
}
