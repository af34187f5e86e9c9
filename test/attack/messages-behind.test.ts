import { connect } from 'node:net'
import t from 'tap'
import { skipWithout, startFront } from '../support/front.ts'
import { startGateway } from '../support/gateway.ts'
import { type Connection, record } from '../support/recorder.ts'
import { type Echo, startEcho } from './echo.ts'
import { runFamily } from './family.ts'
import { headerComplaints, type MessageRow, messageRows, messageScene, nameOf, next } from './messages.ts'
import { targetOf } from './strict-wire.ts'
import { victimComplaints } from './victim.ts'

/** Targets that a row asks for itself; anything else at the upstream was made of its body. */
const asked = /^\/public\//

/**
 * Sends the bytes until an answer ends the exchange; a 401 may stand in the middle of it. A front that waits for more
 * gives up after some seconds: nothing that it does then is of interest here.
 */
async function exchange(front: number, bytes: string): Promise<string> {
  const connection = record(connect(front, '127.0.0.1'))
  connection.send(bytes)
  await Promise.race([
    connection.closed,
    connection.sees(/HTTP\/1\.1 (?!401)[45]\d\d [\s\S]*\r\n\r\n/).catch(() => undefined),
  ])
  connection.socket.destroy()
  return connection.bytes()
}

async function complaintsAbout(front: number, echo: Echo, victim: Connection, row: MessageRow) {
  const before = echo.requests.length
  // No rule is made for what comes last, so that the exchange always ends with an answer.
  const received = await exchange(front, row.bytes + next('/over', 'Connection: close\r\n'))
  const complaints = await victimComplaints(victim, row.id)
  const requests = echo.requests.slice(before).filter((request) => !targetOf(request).includes('victim'))
  const served = received.match(/HTTP\/1\.1 200 /g)?.length ?? 0
  if (requests.length > served) complaints.push(`${requests.length} upstream requests, ${served} answers`)
  const smuggled = requests.map(targetOf).filter((target) => !asked.test(target))
  return [...complaints, ...smuggled, ...echo.faults.splice(0), ...requests.flatMap(headerComplaints)]
}

/** The same messages, through a server that reads and writes them anew before the gateway sees them. */
function behind(name: 'nginx' | 'haproxy'): void {
  t.test(`messages behind ${name}`, { skip: skipWithout(name) }, async (t) => {
    const echo = await startEcho(t)
    const gateway = await startGateway(t, { ...messageScene, upstream: echo.origin })
    const front = await startFront(t, name, gateway.port)
    const victim = record(connect(front, '127.0.0.1'))
    t.teardown(() => victim.socket.destroy())
    await runFamily(
      t,
      `messages behind ${name}`,
      messageRows(),
      async (row, t) => {
        t.strictSame(await complaintsAbout(front, echo, victim, row), [])
      },
      nameOf,
    )
  })
}

behind('nginx')
behind('haproxy')
