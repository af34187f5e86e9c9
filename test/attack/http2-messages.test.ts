import { setImmediate as nextTurn } from 'node:timers/promises'
import t, { type Test } from 'tap'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { connectWire, type Http2Wire } from '../support/http2-wire.ts'
import { type Echo, startEcho } from './echo.ts'
import { runFamily } from './family.ts'
import {
  bodyOf,
  framesOf,
  type Http2Row,
  http2Rows,
  outcomeOf,
  pseudoFields,
  strangeHeaders,
  translatedRows,
} from './http2-messages.ts'
import { headerComplaints, messageScene } from './messages.ts'
import { type Message, targetOf, valuesOf } from './strict-wire.ts'

/** How a row is put on the wire: in one write, in many frames, or with a whole other request in the middle. */
type Delivery = 'at once' | 'in pieces' | 'with another in between'

const deliveries: readonly Delivery[] = ['at once', 'in pieces', 'with another in between']
/** More CONTINUATION frames nghttp2 does not take. */
const mostPieces = 7

type Place = Readonly<{ gateway: Gateway; echo: Echo; victim: Http2Wire }>
type Outcome = Readonly<{ result: string; body: string; others: readonly string[]; isOver: boolean }>

/** Sends a plain request that is told from all others, and tells what is wrong with its answer. */
async function bystander(wire: Http2Wire, name: string): Promise<string[]> {
  const path = `/public/other-${name}`
  const answer = await wire.answer(wire.request(pseudoFields({ path })))
  return outcomeOf(answer) === '200' && answer.body === path
    ? []
    : [`${name} got ${outcomeOf(answer)} ${answer.body}`]
}

async function deliver(t: Test, { gateway }: Place, row: Http2Row, delivery: Delivery): Promise<Outcome> {
  const wire = await connectWire(t, gateway)
  const stream = wire.nextStream()
  const others: string[] = []
  if (delivery === 'at once') wire.send(...framesOf(stream, row))
  else if (delivery === 'in pieces') {
    for (const piece of framesOf(stream, row, pieceLength(row))) {
      wire.send(piece)
      await nextTurn()
    }
  } else {
    const [head, ...rest] = framesOf(stream, row)
    wire.send(head as Buffer)
    others.push(...(await bystander(wire, `${row.id}-between`)))
    wire.send(...rest)
  }
  const answer = await wire.answer(stream)
  if (!wire.isOver()) others.push(...(await bystander(wire, `${row.id}-next`)))
  const isOver = wire.isOver()
  wire.destroy()
  return { result: outcomeOf(answer), body: answer.body, others, isOver }
}

function pieceLength({ fields }: Http2Row): number {
  const bytes = fields.reduce((sum, [name, value]) => sum + name.length + value.length + 9, 0)
  return Math.min(16_384, Math.max(7, Math.ceil(bytes / mostPieces)))
}

function complaintsAbout(row: Http2Row, outcome: Outcome, received: readonly Message[]): string[] {
  const complaints = outcome.isOver ? [] : [...outcome.others]
  const { result } = outcome
  if (!row.answers.includes(result)) complaints.push(`answered ${result}`)
  if (outcome.isOver && !row.answers.includes('closed')) complaints.push('the connection ended')
  if (!mayBe(received.length, row, result)) complaints.push(`${received.length} upstream requests`)
  for (const message of received) {
    if (message.start !== `${row.upstream} HTTP/1.1`) complaints.push(`the upstream got ${message.start}`)
    if (message.body !== bodyOf(row)) complaints.push(`the upstream got ${message.body}`)
    const isOwn = result !== '200' || outcome.body === targetOf(message) || message.start.startsWith('HEAD ')
    if (!isOwn) complaints.push(`answered with ${outcome.body}`)
    if (valuesOf(message, 'cookie').length > 1) complaints.push('a cookie in pieces')
    complaints.push(...headerComplaints(message), ...strangeHeaders(row, message))
  }
  return complaints
}

/** A request whose body goes on behind its end may have been sent on by then, without what goes on. */
function mayBe(count: number, row: Http2Row, result: string): boolean {
  if (result === '200') return count === 1
  return count === 0 || (count === 1 && bodyOf(row) !== row.data.join(''))
}

async function tryOut(t: Test, place: Place, row: Http2Row, delivery: Delivery): Promise<string[]> {
  const { echo, victim } = place
  const before = echo.requests.length
  const outcome = await deliver(t, place, row, delivery)
  const others = await bystander(victim, `${row.id}-victim`)
  const received = echo.requests.slice(before).filter((message) => !targetOf(message).includes('/other-'))
  const complaints = [...complaintsAbout(row, outcome, received), ...echo.faults.splice(0), ...others]
  return complaints.map((complaint) => `${delivery}: ${complaint}`)
}

function testMessages(family: string, rows: readonly Http2Row[]): void {
  t.test(`${family}: one stream makes at most one upstream request, and no other feels it`, async (t) => {
    const echo = await startEcho(t)
    const gateway = await startGateway(t, { ...messageScene, isTls: true, upstream: echo.origin })
    const place = { gateway, echo, victim: await connectWire(t, gateway) }
    let served = 0
    await runFamily(
      t,
      family,
      rows,
      async (row, t) => {
        const { length } = echo.requests
        const complaints: string[] = []
        for (const delivery of deliveries) complaints.push(...(await tryOut(t, place, row, delivery)))
        t.strictSame(complaints, [])
        if (echo.requests.slice(length).some((message) => !targetOf(message).includes('/other-'))) served += 1
      },
      ({ id, what }) => `${id} ${what}`,
    )
    t.ok(served > rows.length / 8, `${served} rows are served`)
  })
}

testMessages('messages, HTTP/2', translatedRows())
testMessages('messages that only HTTP/2 has', http2Rows())
