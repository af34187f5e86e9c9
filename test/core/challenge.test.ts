import t from 'tap'
import { bearerChallenge } from '../../src/core/challenge.ts'

const realm = 'https://app.example.com'

t.test('a challenge to whoever sent nothing has a realm and no error', async (t) => {
  t.equal(bearerChallenge({ realm }), `Bearer realm="${realm}"`)
  t.equal(bearerChallenge({ realm, scope: [], acr: [], maxAge: undefined }), `Bearer realm="${realm}"`)
})

t.test('a challenge tells all that is known, in one line', async (t) => {
  const resourceMetadata = `${realm}/.well-known/oauth-protected-resource/api`
  t.equal(
    bearerChallenge({
      realm,
      error: 'insufficient_scope',
      description: 'More scope is needed than was granted',
      scope: ['orders:read', 'admin'],
      acr: ['urn:example:mfa', 'gold'],
      maxAge: 0,
      resourceMetadata,
    }),
    `Bearer realm="${realm}", error="insufficient_scope", error_description="More scope is needed than was granted", ` +
      `scope="orders:read admin", acr_values="urn:example:mfa gold", max_age="0", resource_metadata="${resourceMetadata}"`,
  )
})
