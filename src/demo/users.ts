/** A person of the demo. */
export type DemoUser = Readonly<{
  id: string
  name: string
  /** What it means to be this one. */
  role: string
  /** What the provider grants, whatever is asked for. */
  scopes: readonly string[]
  groups: readonly string[]
}>

/** Every scope of the demo's API. */
export const demoScopes: readonly string[] = ['orders:read', 'orders:write', 'admin']

/** Three people who may do more and more. */
export const demoUsers: readonly DemoUser[] = [
  { id: 'alice', name: 'Alice', role: 'may read orders', scopes: ['orders:read'], groups: ['customers'] },
  {
    id: 'bob',
    name: 'Bob',
    role: 'may read and write orders',
    scopes: ['orders:read', 'orders:write'],
    groups: ['customers', 'sales'],
  },
  {
    id: 'carol',
    name: 'Carol',
    role: 'is an administrator and staff',
    scopes: demoScopes,
    groups: ['staff'],
  },
]

/** The user of that id, if there is one. */
export function demoUser(id: string | undefined): DemoUser | undefined {
  return demoUsers.find((user) => user.id === id)
}

/** What the provider says about a user, in ID token and UserInfo. */
export function claimsOf(user: DemoUser): Record<string, unknown> {
  return {
    sub: user.id,
    name: user.name,
    preferred_username: user.id,
    email: `${user.id}@example.com`,
    email_verified: true,
    groups: user.groups,
  }
}
