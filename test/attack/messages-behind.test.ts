import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { type FrontName, skipWithout, startFront } from '../support/front.ts'
import { type Connection, record } from '../support/recorder.ts'
import { startScene } from '../support/scene.ts'
import { runFamily } from './family.ts'
import { answerEach, checkArrival, host, type MessageRow, messageRows, requestsIn } from './messages.ts'

const last = `GET /over HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`

/** A front that waits for more gives up after some seconds; nothing that it does then is of interest here. */
async function exchange(port: number, bytes: string): Promise<string> {
  const connection: Connection = record(connect(port, '127.0.0.1'))
  connection.send(bytes)
  await Promise.race([
    connection.closed,
    connection.sees(/HTTP\/1\.1 4\d\d [\s\S]*\r\n\r\n|\/over/).catch(() => {}),
  ])
  connection.socket.destroy()
  return connection.bytes()
}

/** The same messages, through a server that reads and writes them anew before the gateway sees them. */
function behind(name: FrontName): void {
  t.test(`messages behind ${name}`, { skip: skipWithout(name) }, async (t) => {
    const scene = await startScene(t, {
      routes: ['path: /public/**, access: public'],
      publicUrls: () => [`http://${host}`],
      server: 'dangerously_allow_http: true',
      answer: answerEach,
    })
    const front = await startFront(t, name, scene.gateway.port)
    const arrived = () => scene.upstream.connections.flatMap((each) => requestsIn(each.bytes()))
    const check = async ({ bytes }: MessageRow, t: Test) => {
      const before = arrived().length
      await exchange(front, bytes + last)
      const victim = await exchange(
        front,
        `GET /public/victim HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`,
      )
      t.match(victim, /^HTTP\/1\.1 200 OK[\s\S]*\r\n\r\nhi$/, 'somebody else gets an answer of their own')
      const requests = arrived().slice(before)
      t.match(requests.at(-1)?.head[0], 'GET /public/victim HTTP/1.1')
      checkArrival(t, requests.slice(0, -1))
    }
    await runFamily(t, `messages behind ${name}`, messageRows(), check, ({ id, name }) => `${id} ${name}`)
  })
}

behind('nginx')
behind('haproxy')
