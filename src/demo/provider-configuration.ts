import { generateKeyPairSync, randomBytes } from 'node:crypto'
import { html, trusted } from '../pages/html.ts'
import { document } from './document.ts'
import { claimsOf, type DemoUser, demoScopes, demoUser, demoUsers } from './users.ts'

/** Who the demo's provider serves. */
export type DemoClient = Readonly<{
  clientId: string
  clientSecret: string
  redirectUris: readonly string[]
  postLogoutRedirectUris: readonly string[]
}>

type Context = { type: string; body: string; oidc: OidcContext }
type OidcContext = {
  client: { clientId: string }
  session: { accountId: string }
  provider: { Grant: new (who: { clientId: string; accountId: string }) => Grant }
}
type Grant = {
  addOIDCScope: (scope: string) => void
  addResourceScope: (resource: string, scope: string) => void
  rejectResourceScope: (resource: string, scope: string) => void
  save: () => Promise<string>
}
type Token = { accountId?: string; clientId: string }

const day = 24 * 60 * 60
/** Whom the access tokens of the demo are for. */
const api = 'https://orders.example'

/** A program that gets tokens of its own at the demo's provider; the secret protects nothing. */
export const demoScript = { clientId: 'demo-script', clientSecret: 'demo-script-secret' } as const

/** How the demo's provider behaves: short access tokens as JWTs, rotating refresh tokens, scopes by user. */
export function providerConfiguration(client: DemoClient): object {
  return {
    clients: [
      {
        client_id: client.clientId,
        client_secret: client.clientSecret,
        redirect_uris: client.redirectUris,
        post_logout_redirect_uris: client.postLogoutRedirectUris,
        grant_types: ['authorization_code', 'refresh_token'],
      },
      {
        client_id: demoScript.clientId,
        client_secret: demoScript.clientSecret,
        redirect_uris: [],
        response_types: [],
        grant_types: ['client_credentials'],
      },
    ],
    jwks: { keys: [signingKey()] },
    cookies: { keys: [randomBytes(32).toString('base64url')] },
    claims: {
      openid: ['sub'],
      profile: ['name', 'preferred_username', 'groups'],
      email: ['email', 'email_verified'],
    },
    // The access token belongs to the API, so UserInfo is out of its reach; the ID token says it all instead.
    conformIdTokenClaims: false,
    ttl: {
      AccessToken: 60,
      ClientCredentials: 60,
      IdToken: 600,
      RefreshToken: day,
      Session: day,
      Grant: day,
      Interaction: 600,
    },
    rotateRefreshToken: true,
    issueRefreshToken: async () => true,
    expiresWithSession: async () => false,
    pkce: { required: () => true },
    findAccount,
    loadExistingGrant: grantWhatTheUserMay,
    extraTokenClaims: async (_context: Context, token: Token) => {
      const user = demoUser(token.accountId)
      return user && { name: user.name, groups: user.groups }
    },
    interactions: { url: (_context: Context, { uid }: { uid: string }) => `/interaction/${uid}` },
    renderError: showError,
    features: {
      devInteractions: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: {
        enabled: true,
        allowedPolicy: async (_context: Context, caller: { clientId: string }, token: Token) =>
          token.clientId === caller.clientId,
      },
      rpInitiatedLogout: {
        enabled: true,
        logoutSource: confirmLogout,
        postLogoutSuccessSource: showLoggedOut,
      },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => api,
        useGrantedResource: async () => true,
        getResourceServerInfo: async () => ({ scope: demoScopes.join(' '), accessTokenFormat: 'jwt' }),
      },
    },
  }
}

function signingKey(): object {
  return generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ format: 'jwk' })
}

async function findAccount(_context: Context, id: string) {
  const user = demoUser(id)
  return user && { accountId: id, claims: async () => claimsOf(user) }
}

/** No consent page: what a user may not do is turned down silently, so that asking for more yields less. */
async function grantWhatTheUserMay({ oidc }: Context): Promise<Grant> {
  const { accountId } = oidc.session
  const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId })
  const { scopes } = demoUsers.find((user) => user.id === accountId) as DemoUser
  grant.addOIDCScope('openid profile email offline_access')
  grant.addResourceScope(api, scopes.join(' '))
  grant.rejectResourceScope(api, demoScopes.filter((scope) => !scopes.includes(scope)).join(' '))
  await grant.save()
  return grant
}

/** The form confirms itself where scripts run; elsewhere it takes one click. */
async function confirmLogout(context: Context, form: string): Promise<void> {
  context.body = document(
    'Sign out',
    html`<main><h1>Sign out of the demo provider?</h1>${trusted(form)}
<button class="button" form="op.logoutForm" name="logout" value="yes">Sign out</button></main>`,
    'narrow',
    trusted("<script>document.querySelector('button').click()</script>"),
  )
}

async function showLoggedOut(context: Context): Promise<void> {
  context.body = document('Signed out', html`<main><h1>Signed out of the demo provider</h1></main>`, 'narrow')
}

async function showError(context: Context, out: Readonly<Record<string, string>>): Promise<void> {
  context.type = 'html'
  const rows = Object.entries(out).map(([name, value]) => html`<tr><th>${name}</th><td>${value}</td></tr>`)
  const body = html`<main><h1>The demo provider says no</h1><table>${rows}</table></main>`
  context.body = document('Error', body, 'narrow')
}
