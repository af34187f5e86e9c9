import type { Logger } from 'pino'

/** What happened at a refresh, as far as the log tells it. */
type RefreshEvent = Readonly<{ event: string; sessionId: string; error?: unknown }>

/** Refreshes that should not be needed, or that failed, are worth a line; the ordinary ones are for those who look closely. */
export function createRefreshLog(logger: Logger): (event: RefreshEvent) => void {
  const ordinary: ReadonlySet<string> = new Set(['refreshed', 'joined', 'result-reused', 'discarded'])
  return ({ event, sessionId, error }) => {
    const fields = { refresh: event, session_id: sessionId, ...(error !== undefined && { err: error }) }
    logger[ordinary.has(event) ? 'debug' : 'warn'](fields, `refresh: ${event}`)
  }
}
