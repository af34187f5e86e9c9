import t from 'tap'
import { createRequestIds } from '../../src/gate/request-id.ts'

t.test('ids are short, plain, and never repeat within or across processes', async (t) => {
  const [one, other] = [createRequestIds(), createRequestIds()]
  const ids = [...Array(1000)].flatMap(() => [one(), other()])
  t.equal(new Set(ids).size, 2000)
  for (const id of ids) t.match(id, /^[0-9a-z]{1,13}-[0-9a-z]{1,3}$/)
})
