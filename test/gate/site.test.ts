import t from 'tap'
import { type CookieKit, createSites } from '../../src/gate/site.ts'

t.test('hosts that people may be sent to are compared with the port that goes without saying', async (t) => {
  const sitesOf = (publicUrl: string, ...allowedHosts: string[]) =>
    createSites({
      publicUrls: [publicUrl],
      prefix: '/oauth2',
      allowedHosts,
      cookiesFor: () => ({}) as CookieKit,
    })
  const secure = sitesOf('https://app.example.com', 'wiki.test:443', '*.apps.test:80')
  t.equal(secure.isReturnOrigin('https://wiki.test'), true)
  t.equal(secure.isReturnOrigin('http://wiki.test'), false)
  t.equal(secure.isReturnOrigin('https://a.apps.test'), false)
  t.equal(secure.isReturnOrigin('https://a.apps.test:80'), true)
  const plain = sitesOf('http://localhost:4180', 'wiki.test:443', '*.apps.test:80')
  t.equal(plain.isReturnOrigin('http://a.apps.test'), true)
  t.equal(plain.isReturnOrigin('http://wiki.test:443'), true)
  t.equal(plain.isReturnOrigin('http://localhost:4180'), true)
})
