/**
 * A real OpenID provider that signs its one user in without asking, so that a script can log in by following redirects.
 * Tokens outlive the run, so that a refresh is never due, unless the argument says how many seconds access tokens live.
 * Loopback only.
 */
import { generateKeyPairSync } from 'node:crypto'
import { createServer } from 'node:http'
import Provider from 'oidc-provider'
import { announce } from './announce.ts'
import { benchClient } from './bench-client.ts'

const day = 24 * 60 * 60
const accessTokenSeconds = Number(process.argv[2] ?? day)
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
const claims = {
  email: 'ada@example.com',
  name: 'Ada Lovelace',
  preferred_username: 'ada',
  groups: ['staff', 'math'],
}

const server = createServer()
announce(server)
server.once('listening', () => {
  const { port } = server.address() as { port: number }
  const provider = createProvider(`http://127.0.0.1:${port}`)
  const answer = provider.callback()
  server.on('request', (request, response) => {
    if (!request.url?.startsWith('/interaction/')) return void answer(request, response)
    return void provider.interactionFinished(request, response, { login: { accountId: 'ada' }, consent: {} })
  })
})

function createProvider(issuer: string): Provider {
  const provider: Provider = new Provider(issuer, {
    clients: [
      {
        client_id: benchClient.id,
        client_secret: benchClient.secret,
        // A native client's loopback redirect URI matches on any port (RFC 8252 section 7.3).
        application_type: 'native',
        redirect_uris: [`http://127.0.0.1${benchClient.callbackPath}`],
        grant_types: ['authorization_code', 'refresh_token'],
        response_types: ['code'],
        token_endpoint_auth_method: 'client_secret_basic',
      },
    ],
    jwks: { keys: [{ ...privateKey.export({ format: 'jwk' }), kid: 'bench', use: 'sig', alg: 'RS256' }] },
    cookies: { keys: ['not a secret: this provider lives for one measurement'] },
    claims: { openid: ['sub'], email: ['email'], profile: ['name', 'preferred_username', 'groups'] },
    findAccount: (_context: unknown, sub: string) => ({ accountId: sub, claims: () => ({ sub, ...claims }) }),
    interactions: {
      url: (_context: unknown, interaction: { uid: string }) => `/interaction/${interaction.uid}`,
    },
    loadExistingGrant: (context: { oidc: { session: { accountId: string } } }) => grantAll(provider, context),
    issueRefreshToken: () => true,
    rotateRefreshToken: () => true,
    features: { devInteractions: { enabled: false }, revocation: { enabled: true } },
    // As long as the signed access tokens most providers issue: about 800 characters.
    formats: {
      bitsOfOpaqueRandomness: (_context: unknown, token: { kind: string }) =>
        token.kind === 'AccessToken' ? 4800 : 256,
    },
    ttl: {
      AccessToken: accessTokenSeconds,
      AuthorizationCode: 60,
      Grant: day,
      IdToken: day,
      Interaction: 600,
      RefreshToken: day,
      Session: day,
    },
  })
  return provider
}

async function grantAll(provider: Provider, context: { oidc: { session: { accountId: string } } }) {
  const grant = new provider.Grant({ clientId: benchClient.id, accountId: context.oidc.session.accountId })
  grant.addOIDCScope('openid profile email offline_access')
  await grant.save()
  return grant
}
