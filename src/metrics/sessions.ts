import type { Registry } from 'prom-client'
import type { Observer } from '../observer.ts'
import { refreshEvents } from '../session/refresh-outcome.ts'
import { addCounter, addHistogram } from './metric.ts'

/** Bytes: one cookie holds 4096, and many servers take 8 or 16 kB of headers. */
const bounds = [512, 1024, 2048, 3072, 4096, 6144, 8192, 12288, 16384, 32768]

/** Counts refreshes, and how large sessions are. */
export function countSessions(registry: Registry): Pick<Observer, 'refreshed' | 'sessionSealed'> {
  const refreshes = addCounter(registry, {
    name: 'postern_refreshes_total',
    help: 'What came of access tokens that were due: refreshed, refused (the session is over), failed (it is kept), joined (a request waited for one under way), result-reused (a request got what one brought, that which began it too), replay-suspected (an old cookie).',
    labelNames: ['outcome'],
  })
  const cookieBytes = addHistogram(registry, {
    name: 'postern_session_cookie_bytes',
    help: 'Size of the session cookies together, names included, each time a session is sealed; their count is how often that was.',
    bounds,
  })
  for (const event of refreshEvents) refreshes(event)
  cookieBytes()

  return {
    refreshed: ({ event }) => {
      refreshes(event).value += 1
    },
    sessionSealed: (bytes) => cookieBytes().add(bytes),
  }
}
