import { createLoginLimit, type LoginLimit } from './gate/login-limit.ts'
import { createRequestIds } from './gate/request-id.ts'
import { createTurns, type Turns } from './listener/turns.ts'
import { createLiveStreams, type LiveStreams, type StreamWatcher } from './proxy/live-streams.ts'
import { createSessionMemory, type SessionMemory } from './session/session-memory.ts'

/** What outlives a configuration: it belongs to the process, its connections and its sessions. */
export type Lasting = Readonly<{
  memory: SessionMemory
  live: LiveStreams
  turns: Turns
  createRequestId: () => string
  countLogin: LoginLimit
}>

/** Makes it anew; `clock` gives epoch seconds, `watcher` is told of open streams. */
export function createLasting(clock: () => number, watcher?: StreamWatcher): Lasting {
  const memory = createSessionMemory({ clock })
  return Object.freeze({
    memory,
    live: createLiveStreams(memory.ended.has, watcher),
    turns: createTurns(),
    createRequestId: createRequestIds(),
    countLogin: createLoginLimit(clock),
  })
}
