import t from 'tap'
import { pathMapping, upstreamPath } from '../../src/proxy/upstream-path.ts'

const mapped = (path: string, strip?: string, add?: string, base = '', caseSensitive = false): string =>
  upstreamPath(pathMapping(base, strip, add, caseSensitive), path, '')

t.test('a path and its query are sent as they were judged when nothing is mapped', async (t) => {
  t.equal(upstreamPath(pathMapping('', undefined, undefined, false), '/a/%20b', '?q=//..'), '/a/%20b?q=//..')
})

t.test('the prefix is removed where a segment ends', async (t) => {
  t.equal(mapped('/api/orders', '/api'), '/orders')
  t.equal(mapped('/api/', '/api'), '/')
  t.equal(mapped('/api', '/api'), '/')
  t.equal(mapped('/api/orders', '/api/'), '/orders')
})

t.test('a path that is not under the prefix is sent whole', async (t) => {
  t.equal(mapped('/apix/orders', '/api'), '/apix/orders')
  t.equal(mapped('/ap', '/api'), '/ap')
  t.equal(mapped('/other', '/api'), '/other')
})

t.test(
  'the prefix is compared as rules are: without regard to case, unless the upstream has one',
  async (t) => {
    t.equal(mapped('/API/Orders', '/api'), '/Orders')
    t.equal(mapped('/api/x', '/Api'), '/x')
    t.equal(mapped('/API/Orders', '/api', undefined, '', true), '/API/Orders')
    t.equal(mapped('/Api/Orders', '/Api', undefined, '', true), '/Orders')
  },
)

t.test('base path and added prefix come in front', async (t) => {
  t.equal(mapped('/x', undefined, '/inner'), '/inner/x')
  t.equal(mapped('/x', undefined, '/inner/', '/v1/'), '/v1/inner/x')
  t.equal(mapped('/api/x', '/api', '/inner', '/v1'), '/v1/inner/x')
  t.equal(mapped('/api', '/api', undefined, '/v1'), '/v1')
  t.equal(mapped('/api/', '/api', undefined, '/v1'), '/v1/')
  t.equal(upstreamPath(pathMapping('/v1', '/api', undefined, false), '/api', '?a'), '/v1?a')
})

t.test('what is left of a path with empty segments never reads as an authority', async (t) => {
  t.equal(mapped('/api//evil.example/x', '/api'), '/evil.example/x')
})
