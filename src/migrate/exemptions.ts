import type { Input } from './input.ts'
import { quoted } from './notes.ts'
import { keyOf } from './option-names.ts'
import { pathsOfRegex } from './path-regex.ts'
import { isOn, listOf } from './settings.ts'

/** Paths that everybody may ask for, with these methods, or with all of them. */
export type Exemption = Readonly<{ path: string; methods?: readonly string[] }>

/** What needs no sign-in: the expressions that translate; the others are told and need one. */
export function exemptionsOf(input: Input, { isAsked }: { isAsked: boolean }): readonly Exemption[] {
  const { settings } = input
  const routes = listOf(settings, 'skip-auth-route').flatMap((text) => exemptRoute(input, text))
  const paths = listOf(settings, 'skip-auth-regex').flatMap((text) =>
    pathsOf(input, 'skip-auth-regex', text, text).map((path) => ({ path })),
  )
  const found = [...routes, ...paths]
  if (isAsked && found.length > 0)
    input.notes.add(
      'changed',
      'skip_auth_routes',
      'where another proxy only asks, case is ignored: /PUBLIC is as public as /public',
    )
  if (isAsked && routes.some(({ methods }) => methods !== undefined))
    input.notes.add(
      'changed',
      'skip_auth_routes',
      'nginx must send X-Forwarded-Method: with some methods public, a check without it is refused',
    )
  return [...found, ...preflights(input, isAsked)]
}

/** `regex`, or `METHOD=regex`; `!=` means everything but. */
function exemptRoute(input: Input, text: string): readonly Exemption[] {
  const flag = 'skip-auth-route'
  if (text.includes('!=')) {
    input.notes.add(
      'lacking',
      keyOf(flag),
      `${quoted(text)}: everything but a path cannot be made public; it needs a sign-in now`,
    )
    return []
  }
  const [, method, regex = text] = /^([A-Za-z]+)=(.*)$/.exec(text) ?? []
  const paths = pathsOf(input, flag, regex, text)
  return paths.map((path) => (method === undefined ? { path } : { path, methods: [method.toUpperCase()] }))
}

/** Paths for which programs get 401; who may pass does not depend on them. */
export function challengedPaths(input: Input): readonly string[] {
  if (isOn(input.settings, 'force-json-errors')) return ['/**']
  return listOf(input.settings, 'api-route').flatMap((text) => apiPaths(input, text))
}

/** A little more or less than before does no harm here. */
function apiPaths({ notes }: Input, text: string): readonly string[] {
  const found = pathsOfRegex(text)
  if (found === undefined) notes.add('lacking', 'api_routes', `${quoted(text)} is not translated: ${advice}`)
  return (found?.paths ?? []).map((path) => path.replace(/\/\*\/\*\*$/, '/**'))
}

const advice = 'not a plain path after ^. Write routes for the paths you mean'

function pathsOf({ notes }: Input, flag: string, regex: string, written: string): readonly string[] {
  const found = pathsOfRegex(regex)
  const key = keyOf(flag)
  if (found === undefined) {
    notes.add('lacking', key, `${quoted(written)} needs a sign-in now: ${advice}`)
    return []
  }
  const paths = found.paths.join(', ')
  if (found.isNarrower) notes.add('changed', key, `${quoted(written)} matches more than ${paths}`)
  if (found.alsoCovered.length > 0)
    notes.add(
      'changed',
      key,
      `${quoted(written)} is ${paths}, which is also for ${found.alsoCovered.join(', ')}`,
    )
  if (paths === '/**') notes.add('changed', key, `${quoted(written)} makes everything public, as before`)
  return found.paths
}

function preflights({ settings, notes }: Input, isAsked: boolean): readonly Exemption[] {
  if (!isOn(settings, 'skip-auth-preflight')) return []
  const about = 'skip_auth_preflight'
  if (isAsked) {
    notes.add('lacking', about, 'let the proxy that asks answer OPTIONS by itself, or not ask about it')
    return []
  }
  notes.add(
    'changed',
    about,
    'OPTIONS goes to the services without a sign-in, as before; cors of a route answers preflights without them',
  )
  return [{ path: '/**', methods: ['OPTIONS'] }]
}
