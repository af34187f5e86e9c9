import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import t from 'tap'
import { createTrust } from '../../src/proxy/forwarded.ts'
import { requestHeaders } from '../../src/proxy/request-headers.ts'
import { responseHead } from '../../src/proxy/response-headers.ts'
import { plainFacts } from '../support/gate.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = runInNewContext('gc') as () => void

const megabytesUsed = () => {
  collectGarbage()
  return process.memoryUsage().heapUsed / 2 ** 20
}

const longName = (i: number) => Buffer.alloc(40_000, `Name-${i}_`).toString('latin1')

t.test('header names that nobody uses twice do not stay in memory', async (t) => {
  const before = megabytesUsed()
  for (let i = 0; i < 500; i += 1) {
    t.ok(requestHeaders([longName(i), 'x'], plainFacts)[0] === longName(i))
    const facts = { setCookies: [], isProtected: false }
    const { headers } = responseHead([Buffer.from(longName(i)), Buffer.from('x')], facts, () => false)
    t.ok(headers[0] === longName(i))
  }
  t.ok(megabytesUsed() - before < 20)
})

t.test('neither do the headers whose last hop is no address', async (t) => {
  const trust = createTrust(['127.0.0.1'])
  const before = megabytesUsed()
  for (let i = 0; i < 400; i += 1) {
    for (const hop of [longName(i), `not an address ${i}`]) {
      const header = Buffer.from(`${longName(i)}, ${hop}`).toString('latin1')
      t.equal(trust.clientOf('127.0.0.1', header).address, '127.0.0.1')
    }
  }
  t.ok(megabytesUsed() - before < 10)
  t.ok(trust.isTrusted('127.0.0.1'), 'it is still there')
})
