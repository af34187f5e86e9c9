import type { Source } from '../config/load.ts'
import type { Finding, Path } from '../config/problem.ts'
import { isExposed } from '../config/web-url.ts'
import type { Rule } from '../core/rules.ts'

/** Finds other sites that may use the session of a browser, and should not. */
export function findWeakOrigins({ config }: Source): readonly Finding[] {
  const { same_site } = config.session.cookie
  const { routes } = config
  const withSession = routes.flatMap((rule, index) => (usesSession(rule) ? { rule, index } : []))
  return [
    ...withSession.flatMap(({ rule, index }) => findExposedOrigins(rule, ['routes', index])),
    ...(same_site !== 'none'
      ? []
      : withSession
          .filter(({ rule: { csrf } }) => !csrf)
          .map(({ index }) => ({
            path: ['routes', index, 'csrf'],
            message:
              'is off while "session.cookie.same_site" is none: every site may send requests with the session; write on, and name the sites in "allowed_origins"',
          }))),
    ...(same_site === 'none' && !routes.some(isForOthers)
      ? [
          {
            path: ['session', 'cookie', 'same_site'],
            message:
              'is none, which sends the session with requests of every site, though no route names one in "allowed_origins" or "cors"; write lax',
          },
        ]
      : []),
  ]
}

/** Whoever is on the network can speak for a page that came unencrypted. */
function findExposedOrigins({ allowedOrigins, cors }: Rule, path: Path): readonly Finding[] {
  const allowed = allowedOrigins.map((origin, index) => ({
    path: [...path, 'allowed_origins', index],
    origin,
  }))
  const reading = cors?.credentials ? cors.origins : []
  return [
    ...allowed,
    ...reading.map((origin, index) => ({ path: [...path, 'cors', 'origins', index], origin })),
  ]
    .filter(({ origin }) => isExposed(origin))
    .map((found) => ({
      path: found.path,
      message:
        'is not encrypted: whoever is on the network can speak for its pages, and use the session as they may; write https://',
    }))
}

function usesSession({ access, credentials }: Rule): boolean {
  return access !== 'public' && credentials.includes('session')
}

function isForOthers({ allowedOrigins, cors, csrf }: Rule): boolean {
  return allowedOrigins.length > 0 || cors?.credentials === true || !csrf
}
