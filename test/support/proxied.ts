import type { Socket } from 'node:net'
import type { Test } from 'tap'
import { startGate, upstreamConfig } from './gate.ts'
import { type Connection, startRecorder } from './recorder.ts'

/** What an upstream does with each of its connections. */
export type Answer = (connection: Connection, n: number) => void

/** A short whole response. */
export const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** A request head for the public host. */
export function head(method: string, target: string, ...lines: string[]): string {
  return [`${method} ${target} HTTP/1.1`, 'Host: public.example', ...lines, '', ''].join('\r\n')
}

/** A recorder as upstream, and a gate in front of it that forwards by the plan. */
export async function startProxied(
  t: Test,
  answer: Parameters<typeof startRecorder>[0] = ok,
  plan: Parameters<typeof startGate>[2] = {},
) {
  const recorder = await startRecorder(answer)
  t.teardown(recorder.close)
  return { recorder, gate: await startGate(t, upstreamConfig(recorder.origin), plan) }
}

/** The same with the plain plan and other timeouts, in milliseconds. */
export async function startTimed(t: Test, answer: Answer, timeouts = {}, listen = {}) {
  const recorder = await startRecorder(answer)
  t.teardown(recorder.close)
  const config = upstreamConfig(recorder.origin, {
    timeouts: { connect: 5_000, headers: 5_000, body: 5_000, ...timeouts },
  })
  return { recorder, gate: await startGate(t, config, {}, listen) }
}

/** Answers the requests of a connection in turn; undefined cuts it off. */
export function inTurn(...answers: (string | undefined)[]): Answer {
  return (connection) => {
    connection.socket.on('data', () => {
      const answer = answers.shift()
      if (answer === undefined) connection.socket.destroy()
      else connection.send(answer)
    })
  }
}

/** Writes to a socket until it takes no more for a while, or `size` bytes are written; gives how many it took. */
export function fillUp(socket: Socket, size: number): Promise<number> {
  const chunk = Buffer.alloc(256 * 1024)
  let written = 0
  return new Promise((resolve) => {
    let quiet: NodeJS.Timeout
    const fill = (): void => {
      clearTimeout(quiet)
      while (written < size && socket.write(chunk)) written += chunk.length
      quiet = setTimeout(() => resolve(written), 300)
    }
    socket.on('drain', fill)
    fill()
  })
}
