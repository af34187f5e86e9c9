import t from 'tap'
import { headProblem } from '../../src/core/request-head.ts'

const host = ['Host', 'app.example.com']

t.test('accepts plain heads of HTTP/1.1 and HTTP/1.0', async (t) => {
  t.equal(headProblem(host, '1.1'), undefined)
  t.equal(headProblem(['hOST', 'a', 'X-Y', 'z'], '1.0'), undefined)
  t.equal(headProblem([...host, 'Transfer-Encoding', 'Chunked'], '1.1'), undefined)
})

t.test('wants exactly one Host line', async (t) => {
  t.equal(headProblem([], '1.1'), 'host-missing')
  t.equal(headProblem(['Link', 'x'], '1.0'), 'host-missing')
  t.equal(headProblem([...host, 'HOST', 'app.example.com'], '1.1'), 'host-repeated')
})

t.test('refuses versions whose framing differs', async (t) => {
  t.equal(headProblem(host, '0.9'), 'http-version')
  t.equal(headProblem(host, '2.0'), 'http-version')
})

t.test('takes one transfer coding, chunked, and only in HTTP/1.1', async (t) => {
  for (const coding of ['gzip, chunked', 'identity', 'chunked;q=1', 'chunked,', 'xchunked', '']) {
    t.equal(headProblem([...host, 'transfer-encoding', coding], '1.1'), 'transfer-encoding', coding)
  }
  const once = ['Transfer-Encoding', 'chunked']
  t.equal(headProblem([...host, ...once, ...once], '1.1'), 'transfer-encoding')
  t.equal(headProblem([...host, ...once], '1.0'), 'transfer-encoding')
})

t.test('refuses a flood of header lines instead of losing some', async (t) => {
  const lines = (count: number) => Array.from({ length: count }, () => ['X-Y-Z', '1']).flat()
  t.equal(headProblem([...host, ...lines(255)], '1.1'), undefined)
  t.equal(headProblem([...host, ...lines(256)], '1.1'), 'too-many-headers')
})
