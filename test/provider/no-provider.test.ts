import t from 'tap'
import { createNoProvider } from '../../src/provider/no-provider.ts'

t.test('where nobody signs in nothing has to be waited for', async (t) => {
  const provider = createNoProvider()
  await t.resolves(provider.ready())
  t.strictSame(provider.readiness(), { ready: true })
  provider.start()
  t.match(provider.newLogin(), { state: '', nonce: '' })
  t.equal(provider.endSessionUrl({ postLogoutRedirectUri: 'https://a.test/' }), undefined)
  await t.resolves(provider.revoke({} as never))
  await t.resolves(provider.close())
  await t.rejects(provider.refresh({} as never), { code: 'POSTERN_INTERNAL' })
})
