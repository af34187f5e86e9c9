/** An open connection that has no end of its own. */
export type StreamKind = 'websocket' | 'event-stream'

/** Why a stream is ended: its session is over, or the gateway stops. */
export type StreamEnd = 'session-ended' | 'stopping'

/** Open tunnels and event streams by session, so that they end when their session does. */
export type LiveStreams = Readonly<{
  /**
   * Registers a stream of a session that ends at `endsAt` (epoch seconds); returns what takes it out again. One that opens
   * after its session was ended, since the upstream took its time, is closed at once.
   */
  add: (sessionId: string, endsAt: number, kind: StreamKind, close: (why: StreamEnd) => void) => () => void
  /** Closes every stream of a session. */
  end: (sessionId: string) => void
  /** Closes every stream whose session has ended at `now` (epoch seconds). */
  sweep: (now: number) => void
  /** Closes every stream since the gateway stops. */
  closeAll: () => void
}>

type Stream = Readonly<{ endsAt: number; kind: StreamKind; close: (why: StreamEnd) => void }>

/** Who is told how many there are. */
export type StreamWatcher = Readonly<{
  streamOpened: (kind: StreamKind) => void
  streamClosed: (kind: StreamKind) => void
}>

const nobody: StreamWatcher = { streamOpened() {}, streamClosed() {} }

/** An empty registry; `hasEnded` tells whether a session was ended before its time. */
export function createLiveStreams(
  hasEnded: (sessionId: string) => boolean = () => false,
  watcher: StreamWatcher = nobody,
): LiveStreams {
  const sessions = new Map<string, Set<Stream>>()

  const remove = (sessionId: string, stream: Stream): void => {
    const streams = sessions.get(sessionId)
    if (streams?.delete(stream)) watcher.streamClosed(stream.kind)
    if (streams?.size === 0) sessions.delete(sessionId)
  }

  const closeWhere = (sessionId: string, isOver: (stream: Stream) => boolean, why: StreamEnd): void => {
    for (const stream of [...(sessions.get(sessionId) ?? [])].filter(isOver)) {
      remove(sessionId, stream)
      stream.close(why)
    }
  }

  const closeEverywhere = (isOver: (stream: Stream) => boolean, why: StreamEnd): void => {
    for (const sessionId of [...sessions.keys()]) closeWhere(sessionId, isOver, why)
  }

  return {
    add: (sessionId, endsAt, kind, close) => {
      const stream = { endsAt, kind, close }
      watcher.streamOpened(kind)
      const streams = sessions.get(sessionId) ?? new Set()
      sessions.set(sessionId, streams.add(stream))
      if (hasEnded(sessionId)) closeWhere(sessionId, (each) => each === stream, 'session-ended')
      return () => remove(sessionId, stream)
    },
    end: (sessionId) => closeWhere(sessionId, () => true, 'session-ended'),
    sweep: (now) => closeEverywhere((stream) => stream.endsAt <= now, 'session-ended'),
    closeAll: () => closeEverywhere(() => true, 'stopping'),
  }
}
