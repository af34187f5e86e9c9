import type { Socket } from 'node:net'
import t from 'tap'
import { createTurns } from '../../src/listener/turns.ts'

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
  const never = () => t.fail('a turn that is dropped')
  take(one, () => gone.push('first'), never)
  take(one, () => gone.push('second'), never)
  take(other, () => gone.push('other'), never)
  t.strictSame(gone, ['first', 'other'])
  pass(one)
  t.strictSame(gone, ['first', 'other', 'second'])
  pass(one)
  take(one, () => gone.push('third'), never)
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
    let dropped = 0
    const drop = () => {
      dropped += 1
    }
    for (let count = 0; count < 33; count += 1) take(greedy, go, drop)
    t.notOk(greedy.destroyed)
    take(greedy, go, drop)
    t.ok(greedy.destroyed)
    t.equal(dropped, 1, 'the one that was too much')
    pass(greedy)
    t.equal(gone, 1)
    t.equal(dropped, 33, 'and those that waited')
  },
)

t.test('behind the last request of a connection nobody has a turn', async (t) => {
  const { take, end } = createTurns()
  const one = socket()
  const told: string[] = []
  const takeAs = (name: string) =>
    take(
      one,
      () => told.push(name),
      () => told.push(`no ${name}`),
    )
  for (const name of ['first', 'second', 'third']) takeAs(name)
  end(one)
  takeAs('fourth')
  t.strictSame(told, ['first', 'no second', 'no third', 'no fourth'])
})
