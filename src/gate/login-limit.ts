import { admit, type Rate } from '../core/rate.ts'
import { clientNetwork } from '../listener/client-network.ts'
import { createBoundedCache } from '../session/bounded-cache.ts'

/** Clients whose logins are counted at a time; of more, those that began none for the longest time are forgotten. */
const maxClients = 10_000

/**
 * Counts the logins that clients begin. One more of a client (an address; empty where it is not known, which is nobody's) is
 * let in, or has to wait for so many seconds.
 */
export type LoginLimit = (client: string, rate: Rate) => number | undefined

/** Begins to count; `clock` in epoch seconds. */
export function createLoginLimit(clock: () => number): LoginLimit {
  const buckets = createBoundedCache<number>(maxClients)
  return (client, rate) => {
    if (client === '') return undefined
    const network = clientNetwork(client)
    const admission = admit(buckets.get(network), clock(), rate)
    if ('retryAfter' in admission) return admission.retryAfter
    buckets.set(network, admission.fullAt)
    return undefined
  }
}
