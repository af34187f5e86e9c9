import type { Session } from '../core/session.ts'
import type { Outcome } from '../session/refresh-outcome.ts'
import type { SessionLink } from '../session/session-link.ts'
import type { Channel } from './channel.ts'

/** Makes the link of a worker to the primary process. */
export function createLink(channel: Pick<Channel, 'ask' | 'tell'>): SessionLink {
  const { ask, tell } = channel
  return Object.freeze({
    renew: (session: Session) => (ask('renew', session) as Promise<Outcome>).catch(() => unreachable),
    end: async (session: Session) => void (await ask('end', session)),
    spend: async (state: string) => (await ask('spend', state)) === true,
    tellEnded: (id: string, until: number) => tell('ended', { id, until }),
    tellSeen: (session: Session) => tell('seen', session),
    tellSighting: (id: string, at: number) => tell('sighting', { id, at }),
  })
}

/** The session is kept: whoever takes the place of what is gone knows it by its cookie. */
const unreachable: Outcome = Object.freeze({
  kind: 'unavailable',
  code: 'POSTERN_PROVIDER_UNREACHABLE',
  retryAfter: 1,
})
