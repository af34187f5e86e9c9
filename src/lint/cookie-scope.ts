import type { Source } from '../config/load.ts'
import type { Finding } from '../config/problem.ts'
import type { Config } from '../config/schema.ts'
import { isOwnedByMany } from './owned-by-many.ts'

/** Finds hosts of strangers, or more hosts than needed, among those that the session or a sign-in may lead to. */
export function findCookieScope({ config }: Source): readonly Finding[] {
  return [...findDomain(config), ...findReturnHosts(config)]
}

function findDomain(config: Config): readonly Finding[] {
  const { domain } = config.session.cookie
  const path = ['session', 'cookie', 'domain']
  if (domain === undefined) return []
  if (isOwnedByMany(domain))
    return [
      {
        path,
        message:
          'is the domain of many owners: browsers refuse its cookies, and nobody could sign in; write a domain of your own',
      },
    ]
  const needed = neededDomain(config)
  if (needed === undefined || !needed.endsWith(`.${domain}`)) return []
  return [
    {
      path,
      message: `sends the session to every host of ${domain}, though all routes are for ${needed}; write ${needed}`,
    },
  ]
}

/** The domain of every host that may need the session; undefined when some route is for any host. */
function neededDomain({ routes, server }: Config): string | undefined {
  const named = routes.map(({ host }) => host)
  if (named.includes(undefined)) return undefined
  const open = server.public_url.map((url) => new URL(url).host)
  const hosts = [...open, ...(named as string[])].map((host) => host.replace(/^\*\.|:\d+$/g, ''))
  return hosts.reduce(commonDomain)
}

function commonDomain(one: string, other: string): string {
  const [labels, others] = [one.split('.').reverse(), other.split('.').reverse()]
  const length = labels.findIndex((label, index) => label !== others[index])
  return length === -1 ? one : labels.slice(0, length).reverse().join('.')
}

function findReturnHosts({ redirect }: Config): readonly Finding[] {
  return (redirect.allowed_hosts ?? []).flatMap((host, index) =>
    host.startsWith('*.') && isOwnedByMany(host.slice(2).replace(/:\d+$/, ''))
      ? {
          path: ['redirect', 'allowed_hosts', index],
          message:
            'lets sign-ins lead to hosts of strangers, since names below this domain belong to many; name hosts of your own',
        }
      : [],
  )
}
