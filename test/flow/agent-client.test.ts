import * as oauth from 'oauth4webapi'
import * as client from 'openid-client'
import t from 'tap'
import { startAuthorizationServer } from '../support/authorization-server.ts'
import { createBrowser } from '../support/browser.ts'
import { startGateway } from '../support/gateway.ts'
import { startRecorder } from '../support/recorder.ts'
import { valuesOf } from '../support/scene.ts'

const insecure = { [oauth.allowInsecureRequests]: true }

/** Where the challenge to a token that does not count says that the metadata of the resource is (RFC 9728 section 5.1). */
async function metadataAddressOf(resource: string): Promise<URL> {
  const failure = await oauth
    .protectedResourceRequest('stale', 'GET', new URL(resource), undefined, undefined, insecure)
    .catch((error: unknown) => error)
  const challenges = failure instanceof oauth.WWWAuthenticateChallengeError ? failure.cause : []
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer')
  return new URL(String(bearer?.parameters['resource_metadata']))
}

t.test('a client that knows nothing but the address finds its way to a token', async (t) => {
  const upstream = await startRecorder('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi')
  t.teardown(upstream.close)
  let resource = ''
  const resources: Record<string, 'jwt'> = {}
  const server = await startAuthorizationServer(t, { resources })
  const gateway = await startGateway(t, {
    provider: 'none',
    upstream: upstream.origin,
    routes: ['path: /mcp/**, scopes: [api.read]'],
    bearer: 'issuers: [{ issuer: "https://placeholder.example.com", audience: x }]',
  })
  resource = `${gateway.origin}/mcp`
  resources[resource] = 'jwt'
  await gateway.restart({ bearer: `issuers: [{ issuer: "${server.issuer}", audience: "${resource}" }]` })

  const first = await fetch(resource)
  t.equal(first.status, 401)
  t.match(first.headers.get('www-authenticate'), `resource_metadata="${gateway.origin}/.well-known`)
  const metadataAddress = await metadataAddressOf(resource)
  t.equal(metadataAddress.href, `${gateway.origin}/.well-known/oauth-protected-resource/mcp`)

  const discovered = await oauth.resourceDiscoveryRequest(new URL(resource), insecure)
  t.equal(discovered.url, metadataAddress.href, 'the address is the one the standard makes')
  const metadata = await oauth.processResourceDiscoveryResponse(new URL(resource), discovered)
  t.strictSame(metadata.authorization_servers, [server.issuer])
  t.strictSame(metadata.scopes_supported, ['api.read'])

  const { id, redirectUri } = server.publicClient
  const [issuer = ''] = metadata.authorization_servers ?? []
  const configuration = await client.discovery(new URL(issuer), id, undefined, client.None(), {
    execute: [client.allowInsecureRequests],
  })
  const pkceCodeVerifier = client.randomPKCECodeVerifier()
  const authorization = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: String(metadata.scopes_supported?.join(' ')),
    resource: metadata.resource,
    login_hint: 'alice',
    code_challenge: await client.calculatePKCECodeChallenge(pkceCodeVerifier),
    code_challenge_method: 'S256',
  })
  const { headers } = await createBrowser().navigate(authorization.href, { stopAt: redirectUri })
  const tokens = await client.authorizationCodeGrant(
    configuration,
    new URL(headers.location as string),
    { pkceCodeVerifier },
    { resource: metadata.resource },
  )

  const answer = await client.fetchProtectedResource(
    configuration,
    tokens.access_token,
    new URL(resource),
    'GET',
  )
  t.equal(answer.status, 200)
  t.strictSame(valuesOf(upstream.bytes().split('\r\n'), 'authorization'), [`Bearer ${tokens.access_token}`])
})
