import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import type { Dispatcher } from 'undici'
import { createUpstreams } from '../../src/proxy/upstreams.ts'
import { upstreamConfig } from '../support/gate.ts'
import { type Connection, startRecorder } from '../support/recorder.ts'

// An upstream that ended or reset its connection while a slow client held the response back made undici 7 fail an
// assertion in an event handler of its own: one slow client could stop the process.

const size = 100_000
const heads = {
  'a length': `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${size}\r\n\r\n`,
  'no length': 'HTTP/1.0 200 OK\r\n\r\n',
  'a length it does not reach': `HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: ${size + 1}\r\n\r\n`,
}
const ends = {
  'ends its connection': (connection: Connection) => connection.socket.end(),
  'resets its connection': (connection: Connection) => connection.socket.resetAndDestroy(),
}

/** Sends the answer in small pieces, so that the last ones meet a reader that holds them back. */
async function answer(
  connection: Connection,
  head: string,
  end: (connection: Connection) => void,
): Promise<void> {
  connection.send(head)
  for (let sent = 0; sent < size; sent += 1_000) {
    connection.send('x'.repeat(1_000))
    await nextTurn()
  }
  end(connection)
}

/** Reads a response like the slowest of clients: holds back after every piece. Gives the bytes, or the error's code. */
function readSlowly(dispatcher: Dispatcher): Promise<number | string> {
  return new Promise((resolve) => {
    let bytes = 0
    dispatcher.dispatch({ method: 'GET', path: '/', servername: 'upstream' } as Dispatcher.DispatchOptions, {
      onRequestStart() {},
      onResponseData(controller, chunk) {
        bytes += chunk.length
        controller.pause()
        setTimeout(() => controller.resume(), Math.random() * 3)
      },
      onResponseEnd: () => resolve(bytes),
      onResponseError: (_controller, error) => resolve((error as NodeJS.ErrnoException).code ?? error.name),
    })
  })
}

for (const [what, head] of Object.entries(heads)) {
  for (const [how, end] of Object.entries(ends)) {
    t.test(`the process survives an upstream that answers with ${what} and ${how}`, async (t) => {
      const recorder = await startRecorder((connection) => {
        connection.socket.once('data', () => void answer(connection, head, end))
      })
      const upstreams = createUpstreams({ web: upstreamConfig(recorder.origin) })
      t.teardown(async () => {
        await upstreams.close()
        await recorder.close()
      })
      const { pool } = upstreams.get('web')
      const results = await Promise.all(Array.from({ length: 30 }, () => readSlowly(pool)))
      const isWhole = how.startsWith('ends') && !what.endsWith('reach')
      const whole = results.filter((result) => result === size).length
      if (isWhole) t.equal(whole, 30, 'and every answer is whole')
      else
        t.ok(
          results.every((result) => result === size || typeof result === 'string'),
          'and none is cut unnoticed',
        )
    })
  }
}
