/** What Postern has to know about a provider of oauth2-proxy. */
export type ProviderKind = Readonly<{
  /** Where it does not depend on the configuration. */
  issuer?: string
  /** Of a provider without OpenID Connect. */
  endpoints?: Readonly<{ authorization?: string; token?: string; userinfo?: string }>
  /** Where the claims are in its user document. */
  userinfo?: Readonly<Record<string, string>>
  /** Asked for when the configuration names none; else the default of Postern. */
  scopes?: readonly string[]
  /** The claim that oauth2-proxy called the user. */
  user?: string
  params?: Readonly<Record<string, string>>
  /** What is different with it. */
  says?: string
}>

const plain = 'was not tried against this provider; look at the endpoints and the claims'

/** By the name that oauth2-proxy gives them. */
const providers: Readonly<Record<string, ProviderKind>> = {
  oidc: {},
  'keycloak-oidc': { scopes: ['openid', 'profile', 'email'] },
  keycloak: { scopes: ['openid', 'profile', 'email'] },
  google: {
    issuer: 'https://accounts.google.com',
    scopes: ['openid', 'profile', 'email'],
    params: { access_type: 'offline', prompt: 'consent' },
  },
  azure: { says: 'uses the endpoints of version 2.0; for access tokens of your own API add its scope' },
  'entra-id': { says: 'whoever is in more than 200 groups has none in the token' },
  adfs: { says: 'an address in `upn` does not stand in for a missing `email`' },
  gitlab: { issuer: 'https://gitlab.com', scopes: ['openid', 'profile', 'email'], user: 'nickname' },
  cidaas: {},
  linkedin: { issuer: 'https://www.linkedin.com/oauth', scopes: ['openid', 'profile', 'email'] },
  'login.gov': { issuer: 'https://secure.login.gov', scopes: ['openid', 'email'] },
  github: {
    endpoints: {
      authorization: 'https://github.com/login/oauth/authorize',
      token: 'https://github.com/login/oauth/access_token',
      userinfo: 'https://api.github.com/user',
    },
    userinfo: { sub: 'id', preferred_username: 'login', email: 'email', name: 'name' },
    scopes: ['read:user'],
    user: 'preferred_username',
    says: '`email` is the public address only; groups are not known',
  },
  bitbucket: {
    endpoints: {
      authorization: 'https://bitbucket.org/site/oauth2/authorize',
      token: 'https://bitbucket.org/site/oauth2/access_token',
      userinfo: 'https://api.bitbucket.org/2.0/user',
    },
    userinfo: { sub: 'uuid', preferred_username: 'username', name: 'display_name' },
    scopes: ['account'],
    user: 'preferred_username',
    says: `${plain}; \`email\` is not known`,
  },
  digitalocean: {
    endpoints: {
      authorization: 'https://cloud.digitalocean.com/v1/oauth/authorize',
      token: 'https://cloud.digitalocean.com/v1/oauth/token',
      userinfo: 'https://api.digitalocean.com/v2/account',
    },
    userinfo: { sub: 'account.uuid', email: 'account.email' },
    scopes: ['read'],
    says: plain,
  },
  facebook: {
    endpoints: {
      authorization: 'https://www.facebook.com/v2.5/dialog/oauth',
      token: 'https://graph.facebook.com/v2.5/oauth/access_token',
      userinfo: 'https://graph.facebook.com/v2.5/me?fields=id,name,email',
    },
    userinfo: { sub: 'id', email: 'email', name: 'name' },
    scopes: ['public_profile', 'email'],
    says: plain,
  },
  nextcloud: {
    endpoints: {},
    userinfo: { sub: 'ocs.data.id', email: 'ocs.data.email', groups: 'ocs.data.groups' },
    scopes: ['profile'],
    says: plain,
  },
}

/** The provider of that name; undefined for one that is not known. */
export function providerNamed(name: string): ProviderKind | undefined {
  return Object.hasOwn(providers, name) ? providers[name] : undefined
}
