import t from 'tap'
import { canonicalPath } from '../../src/core/request-path.ts'
import { returnTarget } from '../../src/core/return-target.ts'

// Found by the property tests; kept as rows so that they are tried every time.

t.test('a return target that is two slashes once decoded is refused, also when dots follow', async (t) => {
  const options = { origin: 'https://app.example.com', prefix: '/oauth2' }
  for (const value of ['/%2f..', '/%2f%2e%2e', '/%2F.', '/%2f']) {
    t.equal(returnTarget(value, options), 'https://app.example.com/', value)
  }
})

t.test('a blank that URL parsers trim at the very end is a reading of its own', async (t) => {
  const found = canonicalPath('/admin%2E/admin%20')
  t.strictSame([found?.path, ...(found?.folded ?? [])].sort(), [
    '/admin./admin',
    '/admin./admin%20',
    '/admin/admin',
  ])
})
