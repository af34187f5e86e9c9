import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'

/** One connection as the upstream saw it: every byte, and what it can do about them. */
export type Connection = {
  socket: Socket
  /** Everything received, one character a byte. */
  bytes: () => string
  /** Resolves when the bytes received contain the text. */
  sees: (text: string | RegExp) => Promise<string>
  /** Sends raw bytes. */
  send: (bytes: string | Buffer) => void
  /** Resolves when the connection is closed. */
  closed: Promise<void>
}

export type Recorder = {
  origin: string
  port: number
  connections: Connection[]
  /** Resolves with the n-th connection, counted from 0. */
  connection: (n: number) => Promise<Connection>
  /** Everything received on all connections. */
  bytes: () => string
  close: () => Promise<void>
}

type Where = { tls?: TlsOptions; path?: string }

/**
 * An upstream that records exact bytes. `answer` is called with each connection at once; without it, nothing is answered.
 * A string is sent at the end of each request head.
 */
export async function startRecorder(
  answer?: string | ((connection: Connection, n: number) => void),
  { tls, path }: Where = {},
): Promise<Recorder> {
  const connections: Connection[] = []
  const waiting: (() => void)[] = []
  const accept = (socket: Socket): void => {
    const connection = record(socket)
    connections.push(connection)
    if (typeof answer === 'string') answerEach(connection, answer)
    else answer?.(connection, connections.length - 1)
    for (const wake of waiting.splice(0)) wake()
  }
  const server: Server = tls === undefined ? createServer(accept) : createTlsServer(tls, accept)
  server.on('tlsClientError', () => undefined)
  await new Promise<void>((resolve) =>
    path === undefined ? server.listen(0, '127.0.0.1', resolve) : server.listen(path, resolve),
  )
  const port = path === undefined ? (server.address() as AddressInfo).port : 0
  const recorder: Recorder = {
    origin:
      path === undefined ? `http${tls === undefined ? '' : 's'}://127.0.0.1:${port}` : 'http://localhost',
    port,
    connections,
    connection: async (n) => {
      while (connections[n] === undefined) await new Promise<void>((resolve) => waiting.push(resolve))
      return connections[n]
    },
    bytes: () => connections.map((connection) => connection.bytes()).join(''),
    close: () =>
      new Promise((resolve) => {
        for (const { socket } of connections) socket.destroy()
        server.close(() => resolve())
      }),
  }
  return recorder
}

/** A file of the test certificates, as text. */
export function pem(name: string): string {
  return readFileSync(new URL(`../../../test/data/tls/${name}.pem`, import.meta.url), 'utf8')
}

/** Records what arrives on a socket. */
export function record(socket: Socket): Connection {
  let received = ''
  const waiting: (() => void)[] = []
  const wakeAll = (): void => {
    for (const wake of waiting.splice(0)) wake()
  }
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1')
    wakeAll()
  })
  socket.on('error', () => undefined)
  let isClosed = false
  const closed = new Promise<void>((resolve) => {
    socket.on('close', () => {
      isClosed = true
      wakeAll()
      resolve()
    })
  })
  return {
    socket,
    bytes: () => received,
    sees: async (text) => {
      const has = (): boolean => (typeof text === 'string' ? received.includes(text) : text.test(received))
      while (!has()) {
        if (isClosed) throw new Error(`closed before ${text}: ${received}`)
        await new Promise<void>((resolve) => waiting.push(resolve))
      }
      return received
    },
    send: (bytes) => {
      socket.write(typeof bytes === 'string' ? Buffer.from(bytes, 'latin1') : bytes)
    },
    closed,
  }
}

function answerEach(connection: Connection, answer: string): void {
  let answered = 0
  connection.socket.on('data', () => {
    const heads = connection.bytes().split('\r\n\r\n').length - 1
    for (; answered < heads; answered += 1) connection.send(answer)
  })
}
