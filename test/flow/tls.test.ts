import { once } from 'node:events'
import { type AddressInfo, connect as connectPlain, createServer } from 'node:net'
import { pipeline } from 'node:stream'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import t, { type Test } from 'tap'
import type { Config } from '../../src/config/schema.ts'
import type { Gateway } from '../support/gateway.ts'
import { type Connection, pem, record } from '../support/recorder.ts'
import { startTls } from '../support/tls-scene.ts'

async function secure(t: Test, { port }: Gateway, options: ConnectionOptions = {}): Promise<TLSSocket> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'localhost', ca: pem('ca'), ...options })
  t.teardown(() => socket.destroy())
  await new Promise((resolve, reject) => {
    socket.once('secureConnect', resolve)
    socket.once('error', reject)
  })
  return socket
}

async function client(t: Test, gateway: Gateway, bytes: string): Promise<Connection> {
  const connection = record(await secure(t, gateway))
  connection.send(bytes)
  return connection
}

const head = ({ port }: Gateway, line: string) => `${line} HTTP/1.1\r\nHost: localhost:${port}\r\n`

t.test('requests within TLS are served like all others', async (t) => {
  const { gateway, upstream } = await startTls(t)
  const connection = await client(t, gateway, `${head(gateway, 'GET /x')}\r\n`)
  t.match(await connection.sees('hi'), /^HTTP\/1\.1 200 OK/)
  t.match(upstream.bytes(), /X-Forwarded-Proto: https\r\n/)
  t.match(upstream.bytes(), /X-Forwarded-For: 127\.0\.0\.1\r\n/)
  t.notMatch(connection.bytes(), /strict-transport-security/i, 'whether for ever is not ours to say')
})

t.test('nothing below version 1.2 is spoken', async (t) => {
  const { gateway } = await startTls(t)
  t.equal((await secure(t, gateway)).getProtocol(), 'TLSv1.3')
  t.equal((await secure(t, gateway, { maxVersion: 'TLSv1.2' })).getProtocol(), 'TLSv1.2')
  await t.rejects(
    secure(t, gateway, { minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT@SECLEVEL=0' }),
  )
})

t.test('what cannot be read is answered within TLS as without', async (t) => {
  const { gateway } = await startTls(t)
  const malformed = await client(t, gateway, 'GET / HTTP/9\r\n\r\n')
  await malformed.closed
  t.match(malformed.bytes(), /^HTTP\/1\.1 400 /)
  const large = await client(t, gateway, `${head(gateway, 'GET /')}X: ${'x'.repeat(50_000)}\r\n\r\n`)
  await large.closed
  t.match(large.bytes(), /^HTTP\/1\.1 431 /)
})

t.test('whoever speaks plain HTTP, or nothing sensible, is not answered and harms nobody', async (t) => {
  const { gateway } = await startTls(t)
  for (const bytes of [`${head(gateway, 'GET /x')}\r\n`, '\x16\x03\x01\x00\x05hello', 'x']) {
    const socket = connectPlain(gateway.port, '127.0.0.1')
    const connection = record(socket)
    connection.send(bytes)
    socket.end()
    await connection.closed
    t.notMatch(connection.bytes(), 'HTTP/')
  }
  t.match(await (await client(t, gateway, `${head(gateway, 'GET /x')}\r\n`)).sees('hi'), '200 OK')
})

t.test('a response to HTTP/1.0 that is cut does not pass for a complete one', async (t) => {
  const { gateway, upstream } = await startTls(t, {
    answer: (connection) => {
      connection.socket.on('data', () =>
        connection.send('HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nbegun\r\n'),
      )
    },
  })
  const relay = await startRelay(t, gateway)
  const connection = record(await secure(t, gateway, { port: relay.port }))
  connection.send(`GET /x HTTP/1.0\r\nHost: localhost:${gateway.port}\r\n\r\n`)
  await connection.sees('begun')
  upstream.connections[0]?.socket.end()
  await connection.closed
  await relay.reset
  t.match(connection.bytes(), /begun$/)
})

/** Passes bytes on to the gateway and back; `reset` resolves when the gateway resets the connection. */
async function startRelay(t: Test, gateway: Gateway) {
  let tell = (): void => undefined
  const reset = new Promise<void>((resolve) => {
    tell = resolve
  })
  const server = createServer((client) => {
    const socket = connectPlain(gateway.port, '127.0.0.1')
    socket.on('error', (error: NodeJS.ErrnoException) => error.code === 'ECONNRESET' && tell())
    pipeline(client, socket, client, () => undefined)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return { port: (server.address() as AddressInfo).port, reset }
}

t.test('a WebSocket is opened within TLS', async (t) => {
  const { gateway, upstream } = await startTls(t, {
    answer: (connection) => {
      connection.socket.once('data', () =>
        connection.send(
          'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n',
        ),
      )
    },
  })
  const connection = await client(
    t,
    gateway,
    `${head(gateway, 'GET /socket')}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\nearly`,
  )
  t.match(await connection.sees('\r\n\r\n'), /^HTTP\/1\.1 101 /)
  t.match(await (await upstream.connection(0)).sees('early'), /early$/)
  upstream.connections[0]?.send('\x81\x02hi')
  t.match(await connection.sees('\x02hi'), '\x81\x02hi')
})

function configWith(gateway: Gateway, changes: Partial<Config['server']>): Config {
  return { ...gateway.config, server: { ...gateway.config.server, ...changes } }
}

const split = (name: string) => ({ cert: pem(name), key: pem(`${name}-key`), http2: true })

t.test('another certificate is shown from the next connection on', async (t) => {
  const { gateway } = await startTls(t)
  const before = await secure(t, gateway)
  const nameOf = (socket: TLSSocket) => socket.getPeerCertificate().fingerprint256
  const { commit } = await gateway.app.prepare(configWith(gateway, { tls: split('untrusted') }))
  commit()
  const after = await secure(t, gateway, { rejectUnauthorized: false })
  t.not(nameOf(before), nameOf(after))
  t.match(after.authorizationError, /SELF_SIGNED|UNABLE_TO_VERIFY/)
  const connection = record(before)
  connection.send(`${head(gateway, 'GET /x')}\r\n`)
  t.match(await connection.sees('hi'), '200 OK', 'who is connected goes on')
})

t.test('whether there is TLS at all takes a restart', async (t) => {
  const { gateway } = await startTls(t)
  const { tls: _, ...plain } = gateway.config.server
  await t.rejects(gateway.app.prepare({ ...gateway.config, server: plain }), {
    message: 'a restart is needed to change server.tls',
  })
})

t.test('connections that never agreed on TLS do not keep the gateway from stopping', async (t) => {
  const { gateway } = await startTls(t)
  const socket = connectPlain(gateway.port, '127.0.0.1')
  const connection = record(socket)
  await new Promise((resolve) => socket.once('connect', resolve))
  await (await client(t, gateway, `${head(gateway, 'GET /x')}\r\n`)).sees('hi')
  await Promise.all([gateway.app.close({ withinMs: 1 }), connection.closed])
  t.equal(connection.bytes(), '')
})
