import { EventEmitter } from 'node:events'
import t from 'tap'
import { createChannel, type Handlers, type Port } from '../../src/workers/channel.ts'

/** Two channels that are joined. */
function pair(here: Handlers, there: Handlers) {
  const bus = new EventEmitter()
  const port = (own: string, other: string): Port => ({
    send: (message) => bus.emit(other, message),
    receive: (listener) => bus.on(own, listener),
  })
  return { bus, one: createChannel(port('a', 'b'), here), other: createChannel(port('b', 'a'), there) }
}

t.test('one side asks, the other answers, or says why it cannot', async (t) => {
  const { one } = pair(
    {},
    {
      double: (number: number) => number * 2,
      later: async (text: string) => `${text}!`,
      fail: () => {
        throw Object.assign(new Error('not today'), { code: 'LATER', syscall: 'wait' })
      },
    },
  )
  t.strictSame(await Promise.all([one.ask('double', 2), one.ask('later', 'yes'), one.ask('double', 4)]), [
    4,
    'yes!',
    8,
  ])
  await t.rejects(one.ask('fail'), { message: 'not today', code: 'LATER', syscall: 'wait' })
  t.equal(await one.ask('what nobody knows'), undefined)
})

t.test('what is told is heard, and what others say on the same pipe is not', async (t) => {
  const heard: unknown[] = []
  const { one, bus } = pair({}, { news: (text: string) => heard.push(text) })
  one.tell('news', 'first')
  for (const message of [null, 'news', { type: 'news' }]) bus.emit('b', message)
  one.tell('unknown')
  one.tell('news', 'second')
  t.strictSame(heard, ['first', 'second'])
})

t.test('nobody waits for a process that is gone', async (t) => {
  const { one, bus } = pair({}, { never: () => new Promise(() => {}) })
  const asked = one.ask('never')
  one.close()
  await t.rejects(asked, { message: 'the process is gone' })
  await t.rejects(one.ask('never'), { message: 'the process is gone' })
  bus.emit('a', { postern: 'answer', number: 1, value: 'late' })
  bus.emit('a', { postern: 'failure', number: 1, failure: { message: 'late' } })
  bus.on('b', () => t.fail('nothing is sent any more'))
  one.tell('news')
})
