import { EventEmitter } from 'node:events'
import type { ServerHttp2Session } from 'node:http2'
import type { Socket } from 'node:net'
import t from 'tap'
import { watchPulse } from '../../src/listener/http2-pulse.ts'

/** A connection of which a test says what becomes of its pings. */
function fakeConnection(state: {
  destroyed: boolean
  ping: (callback: (error: Error | null) => void) => void
}) {
  let tell = () => {}
  const ended = new Promise<void>((resolve) => {
    tell = resolve
  })
  const session = Object.assign(new EventEmitter(), { ...state, destroy: () => {} })
  const socket = { destroy: tell }
  return { session: session as unknown as ServerHttp2Session, socket: socket as unknown as Socket, ended }
}

t.test('a connection that is over is not asked, and ends where its client takes nothing', async (t) => {
  const { session, socket, ended } = fakeConnection({ destroyed: true, ping: () => t.fail('asked') })
  const awake = setInterval(() => {}, 1_000)
  watchPulse(session, socket, 1)
  await ended
  clearInterval(awake)
  session.emit('close')
  t.pass('ended')
})

t.test('a connection whose client answers goes on until it is closed', async (t) => {
  let pings = 0
  const asked = new Promise<void>((resolve) => {
    const { session, socket } = fakeConnection({
      destroyed: false,
      ping: (callback) => {
        callback(null)
        pings += 1
        if (pings === 3) session.emit('close')
        if (pings === 3) resolve()
      },
    })
    socket.destroy = () => t.fail('ended') as never
    watchPulse(session, socket, 1)
  })
  const awake = setInterval(() => {}, 1_000)
  await asked
  clearInterval(awake)
  t.equal(pings, 3)
})
