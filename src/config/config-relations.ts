import { isDeepStrictEqual } from 'node:util'
import type { Rule } from '../core/rules.ts'
import { credentialRelations, credentialsOf } from './credential-relations.ts'
import { didYouMean } from './did-you-mean.ts'
import { type Conflict, conflictIf, type IsSound, type Relation } from './relation.ts'
import type { ConfigKeys } from './schema.ts'
import type { RouteRule } from './schema-route.ts'

/** What is wrong with rules, each by its index in the list and the key it concerns. */
export type CheckRules = (rules: Rule[]) => { rule: number; key: string; message: string }[]

/** Finds nothing: for when nobody judges the rules yet. */
export const noRuleProblems: CheckRules = () => []

/** What the sections of a configuration demand of each other. */
export function configRelations(checkRules: CheckRules): readonly Relation<ConfigKeys>[] {
  return [
    ...credentialRelations,
    {
      reads: [
        ['server', 'listen'],
        ['admin', 'listen'],
      ],
      find: findSharedListener,
    },
    {
      reads: [['provider'], ['session']],
      find: ({ provider, session }) => findSecretAsKey(provider, session),
    },
    {
      reads: [['bearer'], ['session']],
      find: ({ bearer, session }) => findSecretAsKey(bearer?.introspection, session),
    },
    {
      reads: [
        ['server', 'public_url'],
        ['session', 'cookie'],
      ],
      find: findCookieConflicts,
    },
    {
      reads: [
        ['server', 'public_url'],
        ['session', 'cookie'],
      ],
      find: findHostsWithoutSession,
    },
    { reads: [], find: findMissingUpstreams },
    { reads: [], find: findUnknownUpstreams },
    { reads: [], find: (config, isSound) => findRuleProblems(config, isSound, checkRules) },
  ]
}

type RulesSource = Pick<ConfigKeys, 'routes' | 'upstreams' | 'provider' | 'bearer'>

/** Makes the rules of the routes, each named after its place in the file. */
export function rulesOf(config: RulesSource): Rule[] {
  const { routes, upstreams } = config
  const sensitive = new Map(Object.entries(Object(upstreams) as NonNullable<ConfigKeys['upstreams']>))
  return routes.map((route, index) => ({
    ...route,
    name: `routes[${index}]`,
    credentials: credentialsOf(route, config),
    caseSensitive: route.upstream !== undefined && sensitive.get(route.upstream)?.case_sensitive === true,
  }))
}

function findSharedListener({ server, admin }: ConfigKeys): readonly Conflict[] {
  const isChosenBySystem = 'port' in server.listen && server.listen.port === 0
  const isShared = !isChosenBySystem && isDeepStrictEqual(server.listen, admin.listen)
  return conflictIf(
    isShared,
    ['admin', 'listen'],
    'must differ from "server.listen": probes are never public',
  )
}

function findSecretAsKey(
  client: Readonly<{ client_secret?: string }> | undefined,
  session: ConfigKeys['session'],
): readonly Conflict[] {
  if (client?.client_secret === undefined || session === undefined) return []
  const { client_secret: secret } = client
  const forms = [Buffer.from(secret), Buffer.from(secret, 'base64')]
  return session.keys.flatMap((key, index) =>
    conflictIf(
      forms.some((form) => form.equals(key)),
      ['session', 'keys', index],
      'is the client secret, which others know; "postern keygen" prints a key of its own',
    ),
  )
}

function findCookieConflicts({ server, session }: ConfigKeys): readonly Conflict[] {
  if (session === undefined) return []
  const urls = server.public_url.map((url) => new URL(url))
  const { domain, same_site } = session.cookie
  const outside = urls.filter(({ hostname }) => domain !== undefined && !covers(domain, hostname))
  return [
    ...conflictIf(
      same_site === 'none' && urls.some(({ protocol }) => protocol !== 'https:'),
      ['session', 'cookie', 'same_site'],
      'must not be none while a public_url is http: browsers drop such cookies',
    ),
    ...conflictIf(
      outside.length > 0,
      ['session', 'cookie', 'domain'],
      `must be the domain of every public_url, but does not cover ${outside.map(({ hostname }) => hostname).join(', ')}`,
    ),
    ...conflictIf(
      domain !== undefined && new Set(urls.map(({ protocol }) => protocol)).size > 1,
      ['server', 'public_url'],
      'must be all https or all http, since "session.cookie.domain" shares one session between them',
    ),
  ]
}

/** A route that needs a session is no use on a host whose browsers never get one. */
function findHostsWithoutSession(config: ConfigKeys, isSound: IsSound): readonly Conflict[] {
  const domain = config.session?.cookie.domain
  const publicHosts = config.server.public_url.map((url) => new URL(url).hostname)
  const hasSession = (host: string) =>
    publicHosts.includes(host) || (domain !== undefined && covers(domain, host))
  const needsSession = (route: RouteRule) =>
    route.host !== undefined && route.access !== 'public' && credentialsOf(route, config).includes('session')
  return soundRoutes(config, isSound).flatMap(({ route, index }) =>
    conflictIf(
      needsSession(route) && !hasSession(withoutPort(route.host as string)),
      ['routes', index, 'host'],
      'has no session: add it to "server.public_url", set "session.cookie.domain" to a domain above it, or say access: public or credentials: [bearer]',
    ),
  )
}

/** Where no other proxy asks, somebody has to answer. */
function findMissingUpstreams(config: ConfigKeys, isSound: IsSound): readonly Conflict[] {
  const { upstreams, forward_auth } = config
  if (forward_auth !== undefined || !isSound(['forward_auth'])) return []
  return [
    ...conflictIf(
      upstreams === undefined && isSound(['upstreams']),
      ['upstreams'],
      'must be a map with at least one upstream, like web: { url: "http://web:8080" }',
    ),
    ...listOfRoutes(config).flatMap((route, index) =>
      conflictIf(
        isMap(route) && route.upstream === undefined && isSound(['routes', index, 'upstream']),
        ['routes', index, 'upstream'],
        'must be the name of an upstream',
      ),
    ),
  ]
}

function findUnknownUpstreams(config: ConfigKeys, isSound: IsSound): readonly Conflict[] {
  const names = Object.keys(Object(config.upstreams))
  return listOfRoutes(config).flatMap((route, index) => {
    const name = isMap(route) ? route.upstream : undefined
    const isKnown = name === undefined || !isSound(['routes', index, 'upstream']) || names.includes(name)
    const message = `is not the name of an upstream${didYouMean(String(name), names)}`
    return conflictIf(!isKnown, ['routes', index, 'upstream'], message)
  })
}

/** What stands in a list may be anything as long as it is not sound. */
function isMap(value: unknown): boolean {
  return typeof value === 'object' && value !== null
}

function findRuleProblems(config: ConfigKeys, isSound: IsSound, checkRules: CheckRules): readonly Conflict[] {
  const rules = rulesOf({ ...config, routes: [...listOfRoutes(config)] })
  const sound = soundRoutes(config, isSound).map(({ index }) => ({ index, rule: rules[index] as Rule }))
  return checkRules(sound.map(({ rule }) => rule)).map(({ rule, key, message }) => {
    const { index } = sound[rule] as (typeof sound)[number]
    return { path: ['routes', index, ...(key === '' ? [] : [key])], message }
  })
}

function soundRoutes(config: ConfigKeys, isSound: IsSound) {
  return listOfRoutes(config)
    .map((route, index) => ({ route, index }))
    .filter(({ index }) => isSound(['routes', index]))
}

function listOfRoutes({ routes }: ConfigKeys): ConfigKeys['routes'] {
  return Array.isArray(routes) ? routes : []
}

function covers(domain: string, host: string): boolean {
  return host === domain || host.replace(/^\*/, '').endsWith(`.${domain}`)
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '')
}
