import t from 'tap'
import type { Session } from '../../src/core/session.ts'
import { createLink } from '../../src/workers/link.ts'

t.test('without the other process the session is kept, and asked for again soon', async (t) => {
  const gone = () => Promise.reject(new Error('the process is gone'))
  const { renew, end, spend } = createLink({ ask: gone, tell: () => {} })
  t.match(await renew({} as Session), { kind: 'unavailable', retryAfter: 1 })
  await t.rejects(end({} as Session), { message: 'the process is gone' })
  await t.rejects(spend('state'), { message: 'the process is gone' })
})
