import { Gauge, type Registry } from 'prom-client'
import type { Observer } from '../observer.ts'

/** Counts what is open. */
export function countStreams(registry: Registry): Pick<Observer, 'streamOpened' | 'streamClosed'> {
  const open = new Gauge({
    name: 'postern_open_streams',
    help: 'WebSockets and event streams that are open.',
    labelNames: ['kind'],
    registers: [registry],
  })
  for (const kind of ['websocket', 'event-stream']) open.set({ kind }, 0)
  return {
    streamOpened: (kind) => open.inc({ kind }),
    streamClosed: (kind) => open.dec({ kind }),
  }
}
