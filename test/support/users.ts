export type User = Readonly<{ scopes: readonly string[]; claims: Readonly<Record<string, unknown>> }>

/** Who can sign in unless a test says otherwise. */
export const users: Readonly<Record<string, User>> = {
  alice: {
    scopes: ['api.read', 'api.write', 'orders:read', 'orders:write'],
    claims: {
      name: 'Alice Adams',
      preferred_username: 'alice',
      email: 'alice@example.com',
      email_verified: true,
      groups: ['staff'],
    },
  },
  bob: {
    scopes: ['api.read', 'orders:read'],
    claims: { name: 'Bob Brown', preferred_username: 'bob', email: 'bob@example.com', groups: [] },
  },
  root: {
    scopes: ['api.read', 'api.write', 'orders:read', 'orders:write', 'admin'],
    claims: {
      name: 'Root Roe',
      preferred_username: 'root',
      email: 'root@example.com',
      groups: ['staff', 'admins'],
    },
  },
}
