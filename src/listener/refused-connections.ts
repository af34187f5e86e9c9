import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Logger } from 'pino'
import { type ConnectionLimit, createConnections } from './connection-limit.ts'

/** Why a connection is closed as it comes. */
type Refusal = 'too_many' | 'too_many_of_client'

/** Connections that were closed as they came, by the reason. */
export type RefusedConnections = Readonly<{
  /** Since the start. */
  totals: () => Readonly<Record<Refusal, number>>
  /** Logs what was refused meanwhile, at most once a minute; called every second. */
  tell: () => void
}>

const tellEverySeconds = 60

/** How the reasons are counted, among those of requests that are turned away. */
const reasons = {
  too_many: 'too-many-connections',
  too_many_of_client: 'too-many-connections-of-client',
} as const satisfies Record<Refusal, string>

/**
 * Closes what is too much on a server, as it comes: Node itself by its `maxConnections`, and here by client. `limitOf` is asked
 * for each connection; `clock` in epoch seconds.
 */
export function refuseConnections(
  server: Server,
  options: Readonly<{
    limitOf: () => ConnectionLimit
    logger: Pick<Logger, 'warn'>
    /** Told of each, by why. */
    onRefuse: (reason: string) => void
    clock: () => number
  }>,
): RefusedConnections {
  const { limitOf, logger, onRefuse, clock } = options
  const connections = createConnections()
  const totals = { too_many: 0, too_many_of_client: 0 }
  let told = { ...totals }
  let toldAt = Number.NEGATIVE_INFINITY
  let client: string | undefined

  server.on('connection', (socket: Socket) => {
    const { remoteAddress } = socket
    if (connections.take(socket, limitOf()) === 'refused') refuse('too_many_of_client', remoteAddress)
  })
  server.on('drop', (dropped?: { remoteAddress?: string }) => refuse('too_many', dropped?.remoteAddress))

  function refuse(reason: Refusal, address: string | undefined): void {
    totals[reason] += 1
    client = address
    onRefuse(reasons[reason])
  }

  function tell(): void {
    const now = clock()
    const too_many = totals.too_many - told.too_many
    const too_many_of_client = totals.too_many_of_client - told.too_many_of_client
    if (too_many + too_many_of_client === 0 || now < toldAt + tellEverySeconds) return
    told = { ...totals }
    toldAt = now
    logger.warn({ too_many, too_many_of_client, last_client: client }, 'connections were closed as they came')
  }

  return { totals: () => totals, tell }
}
