/** The two ends of a pipe between processes, as `process` and `cluster` workers have them. */
export type Port = Readonly<{
  send: (message: object) => unknown
  /** Calls back with each message. */
  receive: (listener: (message: unknown) => void) => void
}>

/** What one side does when it is asked or told something; what it returns is the answer. */
export type Handlers = Readonly<Record<string, (payload: never) => unknown>>

/** Asks and tells the other side. */
export type Channel = Readonly<{
  /** Rejects with the message and the code of the error there, or when the channel is closed before it answers. */
  ask: (kind: string, payload?: unknown) => Promise<unknown>
  tell: (kind: string, payload?: unknown) => void
  /** Nobody answers any more. */
  close: () => void
}>

type Message = Readonly<
  | { postern: 'ask'; number: number; kind: string; payload: unknown }
  | { postern: 'tell'; kind: string; payload: unknown }
  | { postern: 'answer'; number: number; value: unknown }
  | { postern: 'failure'; number: number; failure: Failure }
>

/** What an error tells on the other side: no stack, which is that of another process. */
type Failure = Readonly<{ message: string; code?: string | undefined; syscall?: string | undefined }>

type Pending = Readonly<{ resolve: (value: unknown) => void; reject: (error: Error) => void }>

/** Makes one end of a channel. Messages of others on the same pipe are left alone. */
export function createChannel(port: Port, handlers: Handlers): Channel {
  const pending = new Map<number, Pending>()
  let last = 0
  let isClosed = false

  port.receive((message) => {
    if (isMessage(message)) void take(message)
  })

  async function take(message: Message): Promise<void> {
    if (message.postern === 'tell') handle(message.kind, message.payload)
    else if (message.postern === 'ask') await answer(message)
    else settle(message)
  }

  async function answer({ number, kind, payload }: Extract<Message, { postern: 'ask' }>): Promise<void> {
    try {
      const value = await handle(kind, payload)
      send({ postern: 'answer', number, value })
    } catch (error) {
      send({ postern: 'failure', number, failure: failureOf(error as Failure) })
    }
  }

  function settle(message: Extract<Message, { postern: 'answer' | 'failure' }>): void {
    const asked = pending.get(message.number)
    pending.delete(message.number)
    if (message.postern === 'answer') asked?.resolve(message.value)
    else asked?.reject(Object.assign(new Error(message.failure.message), message.failure))
  }

  function handle(kind: string, payload: unknown): unknown {
    const handler = handlers[kind] as ((payload: unknown) => unknown) | undefined
    return handler?.(payload)
  }

  function send(message: Message): void {
    if (!isClosed) port.send(message)
  }

  return Object.freeze({
    ask(kind: string, payload?: unknown) {
      if (isClosed) return Promise.reject(new Error('the process is gone'))
      last += 1
      const number = last
      return new Promise((resolve, reject) => {
        pending.set(number, { resolve, reject })
        send({ postern: 'ask', number, kind, payload })
      })
    },
    tell: (kind: string, payload?: unknown) => send({ postern: 'tell', kind, payload }),
    close() {
      isClosed = true
      for (const { reject } of pending.values()) reject(new Error('the process is gone'))
      pending.clear()
    },
  })
}

function failureOf({ message, code, syscall }: Failure): Failure {
  return { message, ...(code !== undefined && { code }), ...(syscall !== undefined && { syscall }) }
}

function isMessage(message: unknown): message is Message {
  return typeof message === 'object' && message !== null && 'postern' in message
}
