import type { Config } from '../config/schema.ts'
import { presentedToken } from '../core/authorization-header.ts'
import type { Claims } from '../core/session.ts'
import { findCookies } from '../session/cookie-header.ts'
import { sessionCookie } from '../session-cookies.ts'
import { madeUpBearer, madeUpSession, sentToken } from './caller.ts'
import { type Credentials, nobody, storeOf } from './credentials.ts'
import type { AskedRequest } from './request.ts'

/** A made-up caller, by its claims; `scopes` among them is what was granted. */
export type Identity = Readonly<{ kind: 'session' | 'bearer'; claims: Claims }> | undefined

/** The request as this caller would send it, and what comes of it. */
export type Call = Readonly<{ asked: AskedRequest; credentials: Credentials }>

/** Lets a request be sent by somebody: a session is in a cookie, a token in the Authorization header. */
export function askAs(asked: AskedRequest, identity: Identity, config: Config, now: number): Call {
  if (identity === undefined) return { asked, credentials: nobody }
  if (identity.kind === 'session') {
    const store = storeOf(madeUpSession(identity.claims, now))
    const cookie = ['Cookie', `${config.session.cookie.name}=made-up`] as const
    return { asked: withHeader(asked, cookie), credentials: { sessions: () => store } }
  }
  return {
    asked: withHeader(asked, ['Authorization', `Bearer ${sentToken}`]),
    credentials: { ...nobody, bearer: madeUpBearer(identity.claims, config, now) },
  }
}

/** Whether a bearer token stands in the request itself: nobody can tell here whose it is. */
export function bringsToken({ headers }: Pick<AskedRequest, 'headers'>): boolean {
  return headers.some(
    ([name, value]) => name.toLowerCase() === 'authorization' && presentedToken(value).kind === 'token',
  )
}

/** Whether a cookie of a session stands in the request itself, which is not opened there. */
export function bringsSession({ headers }: Pick<AskedRequest, 'headers'>, { session }: Config): boolean {
  const names = (['http', 'https'] as const).map((scheme) => sessionCookie(session, scheme).name)
  return headers.some(
    ([name, value]) =>
      name.toLowerCase() === 'cookie' &&
      names.some((own) => findCookies(value, own).some(({ suffix }) => suffix === '')),
  )
}

function withHeader(asked: AskedRequest, header: AskedRequest['headers'][number]): AskedRequest {
  return { ...asked, headers: [...asked.headers, header] }
}
