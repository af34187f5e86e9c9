import { EventEmitter } from 'node:events'
import t from 'tap'
import { closeUntaken, type HandleReceiver } from '../../src/workers/untaken.ts'

t.test(
  'a connection that a worker did not take ends with it; those it took, and messages, do not',
  async (t) => {
    const sent: unknown[] = []
    const send = (...args: unknown[]) => sent.push(args) > 0
    const child = Object.assign(new EventEmitter(), { send }) as unknown as HandleReceiver & EventEmitter
    closeUntaken(child)
    const closed: number[] = []
    for (const seq of [1, 2, 3])
      child.send({ act: 'newconn', seq }, { close: () => closed.push(seq) } as never)
    // As the cluster answers a worker that begins to listen.
    child.send({ seq: 4 }, null as never)
    child.send({ own: true })
    child.emit('internalMessage', { cmd: 'NODE_CLUSTER', ack: 2, accepted: true })
    child.emit('internalMessage', { cmd: 'NODE_CLUSTER', act: 'online' })
    t.strictSame(closed, [])
    child.emit('exit', null, 'SIGKILL')
    t.strictSame(closed, [1, 3])
    t.match(sent, [[{ seq: 1 }, {}], [{ seq: 2 }, {}], [{ seq: 3 }, {}], [{ seq: 4 }, null], [{ own: true }]])
  },
)
