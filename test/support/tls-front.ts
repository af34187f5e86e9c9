import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, connect } from 'node:net'
import { pipeline } from 'node:stream'
import { createServer } from 'node:tls'
import type { Test } from 'tap'

const pem = (name: string) => readFileSync(new URL(`../../../test/data/tls/${name}.pem`, import.meta.url))

/** Ends TLS on loopback, as a load balancer in front does, and hands the bytes on to `forwardTo`. */
export async function startTlsFront(
  t: Test,
): Promise<Readonly<{ origin: string; forwardTo: (port: number) => void }>> {
  let target = 0
  const server = createServer({ cert: pem('server'), key: pem('server-key') }, (client) => {
    const plain = connect(target, '127.0.0.1')
    pipeline(client, plain, client, () => {})
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  t.teardown(() => void server.close())
  return {
    origin: `https://localhost:${(server.address() as AddressInfo).port}`,
    forwardTo: (port) => {
      target = port
    },
  }
}
