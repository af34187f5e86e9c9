import t from 'tap'
import { makeBearer, verdict } from '../bearer/key-server.ts'

// An `iss` of thousands of nested lists was an unforeseen error, and one that is a list of one issuer was taken for its name.

t.test('an issuer that is no text is nobody', async (t) => {
  const subject = makeBearer(t, {
    issuers: [{ issuer: 'https://login.example', jwks_uri: 'http://127.0.0.1:9/' }],
  })
  const tokenWith = (iss: string) => `e30.${Buffer.from(`{"iss":${iss}}`).toString('base64url')}.e30`
  const nested = '['.repeat(5_500) + ']'.repeat(5_500)
  for (const iss of [nested, '["https://login.example"]', '{}', 'null', '7']) {
    t.equal(await verdict(subject, tokenWith(iss)), 'token-issuer-unknown', iss.slice(0, 30))
  }
})
