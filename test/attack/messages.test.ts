import { setImmediate as nextTurn } from 'node:timers/promises'
import t from 'tap'
import { type Gateway, startGateway } from '../support/gateway.ts'
import type { Connection } from '../support/recorder.ts'
import { type Echo, startEcho } from './echo.ts'
import { runFamily } from './family.ts'
import {
  answersTo,
  headerComplaints,
  type MessageRow,
  messageRows,
  messageScene,
  nameOf,
  next,
} from './messages.ts'
import { type Message, statusOf, targetOf } from './strict-wire.ts'
import { victimComplaints } from './victim.ts'

/** How a row is put on the wire: in one write, in many, or with the next request right behind it. */
type Delivery = 'at once' | 'in pieces' | 'with another behind'
type Outcome = Readonly<{ answers: readonly Message[]; isNextServed: boolean }>

const deliveries: readonly Delivery[] = ['at once', 'in pieces', 'with another behind']

/** Statuses that say: this could not be read without doubt. After one, the connection has to end. */
const doubts: ReadonlySet<number> = new Set([400, 414, 431, 501, 505])

async function sendInPieces(client: Connection, bytes: string): Promise<void> {
  const step = Math.max(1, Math.ceil(bytes.length / 400))
  client.socket.setNoDelay()
  for (let at = 0; at < bytes.length; at += step) {
    client.send(bytes.slice(at, at + step))
    await nextTurn()
  }
}

/** Resolves when the first answer is complete, or when there will be none. */
async function answered(client: Connection, row: MessageRow): Promise<void> {
  let isOver = false
  const closed = client.closed.then(() => {
    isOver = true
  })
  while (!isOver && answersTo(row, client.bytes()).length === 0) {
    await Promise.race([closed, new Promise((resolve) => client.socket.once('data', resolve))])
  }
}

/** Sends the row and, on the same connection, a request that only a reader in step with the client understands. */
async function deliver(gateway: Gateway, row: MessageRow, delivery: Delivery): Promise<Outcome> {
  const target = `/public/next-${row.id}`
  const behind = next(target, 'Connection: close\r\n')
  const client = gateway.client()
  if (delivery === 'with another behind') client.send(row.bytes + behind)
  else {
    if (delivery === 'at once') client.send(row.bytes)
    else await sendInPieces(client, row.bytes)
    await answered(client, row)
    client.send(behind)
  }
  await client.closed
  const answers = answersTo(row, client.bytes())
  const isNextServed = answers.at(-1)?.body === target
  return { answers: isNextServed ? answers.slice(0, -1) : answers, isNextServed }
}

function complaintsAbout(
  row: MessageRow,
  { answers, isNextServed }: Outcome,
  received: readonly Message[],
): string[] {
  const complaints: string[] = []
  const statuses = answers.length === 0 ? 'closed' : answers.map(statusOf).join(' ')
  if (!row.answers.includes(statuses)) complaints.push(`answered ${statuses}`)
  if (isNextServed && answers.some((answer) => doubts.has(statusOf(answer)))) complaints.push('not closed')
  const ours = received.filter((message) => !targetOf(message).startsWith('/public/next-'))
  const served = answers.filter((answer) => statusOf(answer) === 200)
  if (ours.length !== served.length) complaints.push(`${ours.length} upstream requests`)
  if (received.length - ours.length !== Number(isNextServed)) complaints.push('the next request got lost')
  for (const [index, message] of ours.entries()) {
    const body = served[index]?.body
    const isOwn = body === targetOf(message) || message.start.startsWith('HEAD ')
    if (!isOwn) complaints.push(`answered with ${body}`)
  }
  return [...complaints, ...received.flatMap(headerComplaints)]
}

async function tryOut(
  gateway: Gateway,
  echo: Echo,
  victim: Connection,
  row: MessageRow,
  delivery: Delivery,
): Promise<string[]> {
  const before = echo.requests.length
  const outcome = await deliver(gateway, row, delivery)
  const complaints = [
    ...complaintsAbout(row, outcome, echo.requests.slice(before)),
    ...echo.faults.splice(0),
    ...(await victimComplaints(victim, `${row.id}-${delivery.replaceAll(' ', '-')}`)),
  ]
  return complaints.map((complaint) => `${delivery}: ${complaint}`)
}

t.test('one request makes at most one upstream request, and nobody gets the answer of another', async (t) => {
  const echo = await startEcho(t)
  const gateway = await startGateway(t, { ...messageScene, upstream: echo.origin })
  const victim = gateway.client()
  await runFamily(
    t,
    'messages',
    messageRows(),
    async (row, t) => {
      const complaints: string[] = []
      for (const delivery of deliveries) {
        complaints.push(...(await tryOut(gateway, echo, victim, row, delivery)))
      }
      t.strictSame(complaints, [])
    },
    nameOf,
  )
})
