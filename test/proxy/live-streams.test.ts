import t from 'tap'
import { createLiveStreams } from '../../src/proxy/live-streams.ts'

const setUp = () => {
  const streams = createLiveStreams()
  const closed: string[] = []
  const add = (session: string, name: string, endsAt = 100) =>
    streams.add(session, endsAt, 'websocket', () => closed.push(name))
  return { streams, closed, add }
}

t.test('ending a session closes its streams, once, and no others', async (t) => {
  const { streams, closed, add } = setUp()
  add('a', 'a1')
  add('a', 'a2')
  add('b', 'b1')
  streams.end('a')
  streams.end('a')
  streams.end('unknown')
  t.same(closed, ['a1', 'a2'])
})

t.test('a stream that ended by itself is not closed again', async (t) => {
  const { streams, closed, add } = setUp()
  const remove = add('a', 'a1')
  add('a', 'a2')
  remove()
  remove()
  streams.end('a')
  remove()
  t.same(closed, ['a2'])
})

t.test('a sweep closes the streams whose session has ended by then', async (t) => {
  const { streams, closed, add } = setUp()
  add('a', 'early', 50)
  add('a', 'late', 51)
  add('b', 'other', 49)
  streams.sweep(50)
  t.same(closed, ['early', 'other'])
  streams.sweep(51)
  t.same(closed, ['early', 'other', 'late'])
})

t.test('all streams can be closed at once, also if closing one takes out another', async (t) => {
  const { streams, closed, add } = setUp()
  const remove = add('a', 'a1')
  streams.add('b', 100, 'event-stream', () => remove())
  add('c', 'c1')
  streams.closeAll()
  t.same(closed, ['a1', 'c1'])
})
