import t from 'tap'
import { bytesOfLines, linesOfFields } from '../../src/core/http2-head.ts'

const pseudo = [':method', 'GET', ':scheme', 'https', ':path', '/']

t.test('the authority is the Host; nothing else that begins with a colon is a line', async (t) => {
  t.strictSame(linesOfFields([...pseudo, ':authority', 'a.example', 'x-a', '1']), [
    ...['host', 'a.example', 'x-a', '1'],
  ])
  t.strictSame(linesOfFields([...pseudo, 'host', 'a.example']), ['host', 'a.example'])
  t.strictSame(linesOfFields(pseudo), [])
})

t.test('a Host that says the same is one, another one stays', async (t) => {
  const authority = [':authority', 'a.example']
  t.strictSame(linesOfFields([...authority, 'host', 'a.example']), ['host', 'a.example'])
  t.strictSame(linesOfFields([...authority, 'host', 'b.example']), ['host', 'a.example', 'host', 'b.example'])
})

t.test('pieces of a cookie are one, where the first stood; other fields stay as they are', async (t) => {
  t.strictSame(linesOfFields(['cookie', 'a=1', 'x-a', '1', 'cookie', 'b=2', 'x-a', '2', 'cookie', 'c=3']), [
    ...['cookie', 'a=1; b=2; c=3', 'x-a', '1', 'x-a', '2'],
  ])
})

t.test('the length is that of the lines in HTTP/1.1', async (t) => {
  t.equal(bytesOfLines([]), 0)
  t.equal(bytesOfLines(['host', 'a.example', 'x', '']), 'host: a.example\r\nx: \r\n'.length)
})
