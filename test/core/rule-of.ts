import type { Rule } from '../../src/core/rules.ts'

/** A rule with the defaults of the configuration. */
export function ruleOf(path: string, rest: Partial<Rule> = {}): Rule {
  return {
    name: `rule ${path} ${rest.host ?? ''} ${rest.methods ?? ''}`,
    path,
    upstream: 'web',
    access: 'authenticated',
    credentials: ['session'],
    audience: [],
    scopes: [],
    anyScope: [],
    claims: {},
    acr: [],
    onMissingScope: 'forbid',
    allow: [],
    onUnauthenticated: 'auto',
    allowedOrigins: [],
    csrf: true,
    authorization: 'strip',
    caseSensitive: false,
    ...rest,
  }
}
