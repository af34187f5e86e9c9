import t from 'tap'
import { judgeLoad, type OverloadReason, partOf } from '../../src/overload/load.ts'

const limits = { eventLoopDelay: 500, memory: 0.9 }

function judge(eventLoopDelay: number, memory: number, before?: OverloadReason) {
  return judgeLoad({ eventLoopDelay, memory }, limits, before)
}

t.test('it is too much beyond a limit, and not at it', async (t) => {
  t.equal(judge(500, 0.9), undefined)
  t.equal(judge(501, 0), 'event-loop-delay')
  t.equal(judge(0, 0.91), 'memory')
  t.equal(judge(501, 0.91), 'event-loop-delay')
})

t.test('what was too much has to fall a little lower than it rose', async (t) => {
  t.equal(judge(460, 0, 'event-loop-delay'), 'event-loop-delay')
  t.equal(judge(450, 0, 'event-loop-delay'), undefined)
  t.equal(judge(0, 0.82, 'memory'), 'memory')
  t.equal(judge(0, 0.81, 'memory'), undefined)
  t.equal(judge(460, 0, 'memory'), undefined, 'of the other measure nothing is known yet')
})

t.test('what has no limit is never too much', async (t) => {
  const reading = { eventLoopDelay: 1e9, memory: 1 }
  t.equal(judgeLoad(reading, { eventLoopDelay: 'none', memory: 'none' }, undefined), undefined)
})

t.test('of a whole that is not known nothing is used', async (t) => {
  t.equal(partOf(5, 10), 0.5)
  t.equal(partOf(5, 0), 0)
})
