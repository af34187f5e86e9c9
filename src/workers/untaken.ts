import type { ChildProcess } from 'node:child_process'

/** What of a child process this needs. */
export type HandleReceiver = Pick<ChildProcess, 'on' | 'send'>

type Handle = Readonly<{ close: () => void }>
type Send = (message: { seq?: number }, handle?: Handle | null, ...rest: unknown[]) => boolean

/**
 * Closes the connections that a worker was handed and had not taken when it ended: Node's cluster would keep them open, and
 * their clients waiting, for as long as the primary lives. A client whose connection ends asks again.
 */
export function closeUntaken(child: HandleReceiver): void {
  const untaken = new Map<number, Handle>()
  const send = child.send.bind(child) as Send
  const remember: Send = (message, handle, ...rest) => {
    if (handle && message.seq !== undefined) untaken.set(message.seq, handle)
    return send(message, handle, ...rest)
  }
  child.send = remember as ChildProcess['send']
  // Taken, or refused and then handed to another worker.
  child.on('internalMessage' as 'message', (message) => untaken.delete((message as { ack: number }).ack))
  child.on('exit', () => {
    for (const handle of untaken.values()) handle.close()
  })
}
