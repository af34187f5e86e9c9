import t from 'tap'
import { requestLevel, requestLine } from '../../src/logs/request-log.ts'

const facts = {
  method: 'GET',
  host: 'app.example.com',
  path: '/orders/7',
  status: 200,
  durationMs: 12.3456,
  rule: 'routes[3]',
  decision: 'forward',
  reason: 'scope-ok',
  sub: 'alice',
  credential: 'session' as const,
  requestId: 'r-1',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  client: '192.0.2.7',
  upstream: 'orders',
  isAborted: false,
}

t.test('a request is one line with everything an operator asks for', async (t) => {
  t.strictSame(requestLine(facts), {
    message: 'GET /orders/7 200',
    fields: {
      method: 'GET',
      host: 'app.example.com',
      path: '/orders/7',
      status: 200,
      duration_ms: 12.3,
      rule: 'routes[3]',
      decision: 'forward',
      reason: 'scope-ok',
      sub: 'alice',
      credential: 'session',
      request_id: 'r-1',
      trace_id: '0af7651916cd43dd8448eb211c80319c',
      client: '192.0.2.7',
      upstream: 'orders',
      aborted: undefined,
    },
  })
})

t.test('a server error is a warning, a client error is not', async (t) => {
  t.equal(requestLevel(502), 'warn')
  t.equal(requestLevel(499), 'info')
})

t.test('an aborted request says so', async (t) => {
  t.equal(requestLine({ ...facts, isAborted: true }).fields['aborted'], true)
  t.equal(requestLine(facts).fields['aborted'], undefined)
})
