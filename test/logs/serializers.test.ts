import t from 'tap'
import { PosternError } from '../../src/core/errors.ts'
import { describeError, serializers } from '../../src/logs/serializers.ts'

const tell = (key: string, value: unknown) => serializers[key]?.(value)

const token =
  'eyJhbGciOiJSUzI1NiIsInR5cCI6ImF0K2p3dCJ9.eyJzdWIiOiJhbGljZSIsImV4cCI6MTc5OTk5OTk5OX0.c2lnbmF0dXJlMDEyMzQ1Njc4OWFiY2RlZg'

t.test('an error of ours keeps its detail; its cause is told by type and code only', async (t) => {
  const inner = Object.assign(new TypeError(`bad ${token}`), { code: 'ERR_X', body: token })
  const cause = new Error(token, { cause: inner })
  const error = new PosternError('POSTERN_PROVIDER_INVALID', 'the token endpoint answered HTML', { cause })
  const told = describeError(error)
  t.match(told, {
    type: 'PosternError',
    code: 'POSTERN_PROVIDER_INVALID',
    message: 'POSTERN_PROVIDER_INVALID: the token endpoint answered HTML',
    cause: { type: 'Error', cause: { type: 'TypeError', code: 'ERR_X' } },
  })
  t.match(told.stack, /^PosternError: POSTERN_PROVIDER_INVALID[^\n]*\n {4}at /)
  t.notMatch(JSON.stringify(told), /eyJ|c2ln/)
})

t.test('the message of a foreign error is scrubbed, in the stack too', async (t) => {
  const told = describeError(
    new SyntaxError(`Unexpected token in "${token}" of POSTERN_PROVIDER_UNREACHABLE_FOREVER`),
  )
  t.notMatch(JSON.stringify(told), /eyJ|c2ln/)
  t.match(told.message, /\[redacted\].*POSTERN_PROVIDER_UNREACHABLE_FOREVER/)
})

t.test(
  'what is thrown without being an error, or has no stack or a strange code, is told as well',
  async (t) => {
    t.strictSame(describeError('text'), { type: 'string', message: 'text' })
    const bare = Object.assign(new Error('m', { cause: 'text' }), { code: 42 })
    delete (bare as { stack?: string }).stack
    t.strictSame(describeError(bare), { type: 'Error', message: 'm', stack: 'Error: m' })
  },
)

t.test('secrets and headers are hidden by their key', async (t) => {
  for (const key of [
    'authorization',
    'cookie',
    'headers',
    'tokens',
    'refresh_token',
    'client_secret',
    'session',
  ])
    t.equal(tell(key, token), '[redacted]', key)
  t.equal(tell('req', { headers: { cookie: token } }), undefined)
  t.equal(tell('res', {}), undefined)
  t.equal(tell('request', {}), undefined)
  t.equal(tell('response', {}), undefined)
  t.equal(tell('code', 'ECONNREFUSED'), 'ECONNREFUSED')
  t.equal(tell('code', 'Spl0xlOBeZQQYbYS6WxSbIA'), '[redacted]')
  t.equal(tell('url', '/oauth2/callback?code=secret#x'), '/oauth2/callback')
})
