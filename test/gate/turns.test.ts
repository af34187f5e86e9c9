import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import t from 'tap'
import { createTurns } from '../../src/gate/turns.ts'

const socket = () => {
  const state = { destroyed: false, destroy: () => Object.assign(state, { destroyed: true }) }
  return state as unknown as Socket
}
const response = () => new EventEmitter() as ServerResponse

t.test('requests of one connection go one after the other, those of others do not wait', async (t) => {
  const inTurn = createTurns()
  const [one, other] = [socket(), socket()]
  const [first, second, third] = [response(), response(), response()]
  const gone: string[] = []
  inTurn(one, first, () => gone.push('first'))
  inTurn(one, second, () => gone.push('second'))
  inTurn(other, response(), () => gone.push('other'))
  t.strictSame(gone, ['first', 'other'])
  first.emit('close')
  t.strictSame(gone, ['first', 'other', 'second'])
  second.emit('close')
  inTurn(one, third, () => gone.push('third'))
  t.strictSame(gone, ['first', 'other', 'second', 'third'])
})

t.test(
  'a connection that sends too many ahead is ended, and nobody waits for one that is gone',
  async (t) => {
    const inTurn = createTurns()
    const greedy = socket()
    const first = response()
    let gone = 0
    for (let count = 0; count < 33; count += 1)
      inTurn(greedy, count === 0 ? first : response(), () => (gone += 1))
    t.notOk(greedy.destroyed)
    inTurn(greedy, response(), () => (gone += 1))
    t.ok(greedy.destroyed)
    first.emit('close')
    t.equal(gone, 1)
  },
)
