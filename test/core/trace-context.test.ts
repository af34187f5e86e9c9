import t from 'tap'
import { readTraceContext } from '../../src/core/trace-context.ts'

const trace = '0af7651916cd43dd8448eb211c80319c'
const parent = 'b7ad6b7169203331'
const good = `00-${trace}-${parent}-01`

t.test('a well-formed traceparent is read, and kept as it came', async (t) => {
  t.strictSame(readTraceContext(good, undefined), {
    traceparent: good,
    traceId: trace,
    parentId: parent,
    flags: 1,
  })
  t.equal(readTraceContext(`00-${trace}-${parent}-ff`, undefined)?.flags, 255)
})

t.test('later versions may say more', async (t) => {
  for (const value of [
    `01-${trace}-${parent}-01`,
    `cc-${trace}-${parent}-01-what.ever`,
    `cc-${trace}-${parent}-00-`,
  ])
    t.equal(readTraceContext(value, undefined)?.traceparent, value)
})

t.test('a malformed one is none', async (t) => {
  const malformed = [
    '',
    'garbage',
    `ff-${trace}-${parent}-01`,
    `00-${'0'.repeat(32)}-${parent}-01`,
    `00-${trace}-${'0'.repeat(16)}-01`,
    `00-${trace.toUpperCase()}-${parent}-01`,
    `00-${trace}-${parent.toUpperCase()}-01`,
    `00-${trace}-${parent}-1`,
    `00-${trace}-${parent}-0g`,
    `00-${trace}-${parent}-01-more`,
    `01-${trace}-${parent}-01more`,
    `0-${trace}-${parent}-01`,
    `00_${trace}-${parent}-01`,
    `00-${trace.slice(1)}-${parent}-01`,
    ` ${good}`,
    `${good}\n`,
    `${good}, ${good}`,
    `01-${trace}-${parent}-01-x, ${good}`,
  ]
  for (const value of malformed) t.equal(readTraceContext(value, 'a=1'), undefined, value)
})

t.test('a tracestate is kept as it came, or left out', async (t) => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `k${i}=v`).join(',')
  const fine = [
    'a=1',
    'rojo=00f067aa0ba902b7, congo=t61rcWkgMzE',
    '0@b=x',
    'a=1,,b=2\t',
    'a= x',
    `${'a'.repeat(256)}=1`,
    `a=${'x'.repeat(256)}`,
    many(32),
  ]
  for (const value of fine) t.equal(readTraceContext(good, value)?.tracestate, value)
  const malformed = [
    '',
    ' , ',
    'a',
    'a=',
    '=1',
    'A=1',
    'a=1=2',
    'a =1',
    'a=\u00e9',
    `${'a'.repeat(257)}=1`,
    `a=${'x'.repeat(257)}`,
    many(33),
    '-a=1',
  ]
  for (const value of malformed) t.notOk('tracestate' in (readTraceContext(good, value) ?? {}), value)
})
