import t, { type Test } from 'tap'
import { startScene } from '../support/scene.ts'
import { runFamily } from './family.ts'
import { answerEach, checkArrival, host, type MessageRow, messageRows, requestsIn } from './messages.ts'

/** Asks for nothing, and ends the connection with the answer. */
const last = `GET /over HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`

t.test('messages', async (t) => {
  const scene = await startScene(t, {
    routes: ['path: /public/**, access: public'],
    publicUrls: () => [`http://${host}`],
    server: 'dangerously_allow_http: true',
    answer: answerEach,
  })
  const arrived = () => scene.upstream.connections.flatMap((connection) => requestsIn(connection.bytes()))
  let accepted = 0

  const check = async ({ bytes, statuses, mustClose }: MessageRow, t: Test) => {
    const before = arrived().length
    const answer = await scene.gateway.exchange(bytes + last)
    const found = [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)]
      .map(([, status]) => status as string)
      .filter((status) => status !== '100')
    t.ok(statuses.includes(String(found[0])), `${found[0]} is one of ${statuses}`)
    if (mustClose) t.strictSame(found.length, 1, 'nothing after the refusal is answered')
    if (mustClose) t.match(answer, /\r\nconnection: close\r\n/i)
    const requests = arrived()
    checkArrival(t, requests.slice(before))
    if (found[0] === '200') accepted += 1
    else t.equal(requests.length, before, 'a refused message does not arrive')
    const victim = await scene.gateway.exchange(
      `GET /public/victim HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
    )
    t.match(victim, /^HTTP\/1\.1 200 OK[\s\S]*\r\n\r\nhi$/, 'somebody else gets an answer of their own')
    t.match(arrived().at(-1)?.head[0], 'GET /public/victim HTTP/1.1')
  }
  const rows = messageRows()
  t.ok(rows.length >= 64)
  await runFamily(t, 'messages', rows, check, ({ id, name }) => `${id} ${name}`)
  t.ok(accepted >= 5, `the decent ones arrive: ${accepted}`)
})
