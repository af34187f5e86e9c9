import t from 'tap'
import {
  providerAttributes,
  requestAttributes,
  spanName,
  upstreamAttributes,
} from '../../src/tracing/attributes.ts'

const facts = {
  method: 'GET',
  scheme: 'https' as const,
  host: 'app.example.com',
  status: 200,
  decision: 'answer',
  reason: 'none',
  client: '',
  requestId: 'r-1',
}

t.test('what is not known of a request is left out', async (t) => {
  t.strictSame(requestAttributes(facts), {
    'http.request.method': 'GET',
    'server.address': 'app.example.com',
    'url.scheme': 'https',
    'http.response.status_code': 200,
    'postern.decision': 'answer',
    'postern.reason': 'none',
    'postern.request_id': 'r-1',
  })
  t.match(requestAttributes({ ...facts, host: '[::1]:8443' }), {
    'server.address': '[::1]',
    'server.port': 8443,
  })
  for (const host of ['a b', 'undefined:x', '[::1', 'a:123456'])
    t.notOk('server.address' in requestAttributes({ ...facts, host }), host)
})

t.test('ports that go without saying are said', async (t) => {
  const common = { upstream: 'web', method: 'GET', path: '/x' }
  t.match(upstreamAttributes({ ...common, url: { origin: 'http://web' } }), { 'server.port': 80 })
  t.match(upstreamAttributes({ ...common, url: { origin: 'https://web' } }), { 'server.port': 443 })
})

t.test('the address of a provider goes without its query', async (t) => {
  const sent = {
    operation: 'userinfo',
    outcome: 'timeout',
    ms: 1,
    method: 'GET',
    url: 'https://op.test/u?tenant=1',
  }
  t.strictSame(providerAttributes(sent), {
    'http.request.method': 'GET',
    'server.address': 'op.test',
    'server.port': 443,
    'url.full': 'https://op.test/u',
    'error.type': 'timeout',
    'postern.operation': 'userinfo',
  })
})

t.test('names of spans', async (t) => {
  t.equal(spanName('GET', 'routes[3]'), 'GET routes[3]')
  t.equal(spanName('GET', undefined), 'GET')
  t.equal(spanName('unknown', 'routes[3]'), 'HTTP routes[3]')
})
