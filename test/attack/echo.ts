import type { Test } from 'tap'
import { type Connection, startRecorder } from '../support/recorder.ts'
import { type Message, messagesIn, targetOf } from './strict-wire.ts'

/** An upstream that answers each request with its target, and reads as strictly as can be. */
export type Echo = Readonly<{
  origin: string
  /** Every request so far, in the order they were complete. */
  requests: Message[]
  /** What came that can be read in more than one way. */
  faults: string[]
}>

/** Starts the upstream; connections are kept, so that whatever is left on one meets the next request. */
export async function startEcho(t: Pick<Test, 'teardown'>): Promise<Echo> {
  const requests: Message[] = []
  const faults: string[] = []
  const recorder = await startRecorder((connection) => serve(connection, requests, faults))
  t.teardown(recorder.close)
  return { origin: recorder.origin, requests, faults }
}

function serve({ socket, send }: Connection, requests: Message[], faults: string[]): void {
  let unread = ''
  socket.on('data', (chunk: Buffer) => {
    unread += chunk.toString('latin1')
    try {
      const { messages, rest } = messagesIn(unread)
      unread = rest
      for (const message of messages) {
        requests.push(message)
        send(echoOf(message))
      }
    } catch (error) {
      faults.push((error as Error).message)
      socket.destroy()
    }
  })
}

function echoOf(message: Message): string {
  const target = targetOf(message)
  return `HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${message.start.startsWith('HEAD ') ? '' : target}`
}
