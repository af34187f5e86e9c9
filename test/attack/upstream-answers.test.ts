import t from 'tap'
import { corpus } from '../support/corpus.ts'
import { type Gateway, startGateway } from '../support/gateway.ts'
import { type Connection, startRecorder } from '../support/recorder.ts'
import { runFamily } from './family.ts'
import { messageScene, next } from './messages.ts'
import { type Message, messagesIn, statusOf, targetOf } from './strict-wire.ts'

type Row = Readonly<{ bytes: string; id: string; what: string; statuses: readonly string[] }>

const rows = corpus('upstream-answers.tsv').map(
  ([bytes = '', id = '', what = '', statuses = '']): Row => ({
    bytes,
    id,
    what,
    statuses: statuses.split('|'),
  }),
)
const notForClients = /^(?:x-evil|keep-alive|proxy-authenticate|upgrade|trailer)$/

/** Answers `/public/odd-<id>` with the bytes of that row, and everything else with its target. */
function serve({ socket, send }: Connection): void {
  let unread = ''
  socket.on('data', (chunk: Buffer) => {
    const { messages, rest } = messagesIn(unread + chunk.toString('latin1'))
    unread = rest
    for (const message of messages) send(answerTo(targetOf(message)))
  })
}

function answerTo(target: string): string {
  const row = rows.find(({ id }) => target.endsWith(`/odd-${id}`))
  return row?.bytes ?? `HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`
}

/** The one answer that a client gets, with what is wrong with it; one that is not complete counts as cut. */
function complaintsAbout(row: Row, received: string): string[] {
  const { messages, rest } = messagesIn(received)
  const [answer, ...more] = messages.filter((message) => statusOf(message) >= 200)
  const outcome = answer === undefined || rest !== '' ? 'cut' : String(statusOf(answer))
  return [
    ...(row.statuses.includes(outcome) ? [] : [`answered ${outcome}`]),
    ...(more.length === 0 ? [] : ['more than one answer']),
    ...(received.includes('other') ? ['the answer for nobody'] : []),
    ...messages.flatMap(headerComplaints),
  ]
}

function headerComplaints({ headers }: Message): string[] {
  return headers
    .filter(([name, value]) => notForClients.test(name) || (name === 'set-cookie' && /postern/i.test(value)))
    .map(([name, value]) => `${name}: ${value} was passed on`)
}

/** Asks for the odd answer, then for a plain one on the same connection, then as somebody else. */
async function tryOut(gateway: Gateway, victim: Connection, row: Row): Promise<string[]> {
  const client = gateway.client(next(`/public/odd-${row.id}`, 'Connection: close\r\n'))
  await client.closed
  const complaints = complaintsAbout(row, client.bytes())
  for (const turn of [1, 2]) {
    const target = `/public/victim-${row.id}-${turn}`
    const { length } = victim.bytes()
    victim.send(next(target))
    await victim.sees(target)
    const [answer, ...more] = messagesIn(victim.bytes().slice(length)).messages
    if (answer?.body !== target || more.length > 0) complaints.push(`somebody else got ${answer?.body}`)
  }
  return complaints
}

t.test('whatever an upstream answers, each client gets one answer that is its own', async (t) => {
  const upstream = await startRecorder(serve)
  t.teardown(upstream.close)
  const gateway = await startGateway(t, {
    ...messageScene,
    upstream: `{ web: { url: "${upstream.origin}", timeouts: { headers: 2s, body: 2s } } }`,
  })
  const victim = gateway.client()
  await runFamily(
    t,
    'upstream answers',
    rows,
    async (row, t) => {
      t.strictSame(await tryOut(gateway, victim, row), [])
    },
    ({ id, what }) => `${id} ${what}`,
  )
})
