import type { Socket } from 'node:net'
import t from 'tap'
import { createTurns } from '../../src/gate/turns.ts'

const socket = () => {
  const state = {
    destroyed: false,
    writable: true,
    destroy: () => Object.assign(state, { destroyed: true, writable: false }),
  }
  return state as unknown as Socket
}

t.test('requests of one connection go one after the other, those of others do not wait', async (t) => {
  const { take, pass } = createTurns()
  const [one, other] = [socket(), socket()]
  const gone: string[] = []
  take(one, () => gone.push('first'))
  take(one, () => gone.push('second'))
  take(other, () => gone.push('other'))
  t.strictSame(gone, ['first', 'other'])
  pass(one)
  t.strictSame(gone, ['first', 'other', 'second'])
  pass(one)
  take(one, () => gone.push('third'))
  t.strictSame(gone, ['first', 'other', 'second', 'third'])
})

t.test(
  'a connection that sends too many ahead is ended, and nobody waits for one that is gone',
  async (t) => {
    const { take, pass } = createTurns()
    const greedy = socket()
    let gone = 0
    const go = () => {
      gone += 1
    }
    for (let count = 0; count < 33; count += 1) take(greedy, go)
    t.notOk(greedy.destroyed)
    take(greedy, go)
    t.ok(greedy.destroyed)
    pass(greedy)
    t.equal(gone, 1)
  },
)
