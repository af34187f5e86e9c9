import type { FastifyRequest } from 'fastify'
import t from 'tap'
import type { Rule } from '../../src/core/rules.ts'
import { createChallenges } from '../../src/gate/challenge.ts'
import type { Sites } from '../../src/gate/site.ts'
import { ruleOf } from '../core/rule-of.ts'

const site = { origin: 'https://app.example.com' }
const challenges = createChallenges({
  sites: { primary: site } as Sites,
  prefix: '/oauth2',
  defaultScheme: 'https',
  audiences: ['https://app.example.com/api', 'https://app.example.com/api/orders'],
})

function requestFor(rule: Partial<Rule>): FastifyRequest {
  const target = { path: '/api/orders/7', query: '', folded: [], needs: [] }
  return { visit: { rule: ruleOf('/**', rule), site, target } } as unknown as FastifyRequest
}

t.test('a login asks for what is missing', async (t) => {
  const request = requestFor({ credentials: ['session', 'bearer'] })
  t.equal(challenges.loginUrl(request), 'https://app.example.com/oauth2/start')
  const wish = { scopes: ['orders:read'], acr: [] }
  t.match(challenges.loginUrl(request, wish), /^https:\/\/app\.example\.com\/oauth2\/start\?.*orders%3Aread/)
  t.equal(challenges.loginUrl(requestFor({ credentials: ['bearer'] }), wish), undefined, 'no session counts')
})

t.test('the metadata is that of an audience of the rule, where tokens are taken at all', async (t) => {
  const metadataFor = (rule: Partial<Rule>) =>
    /resource_metadata="([^"]*)"/.exec(challenges.header(requestFor(rule)))?.[1]
  const wellKnown = 'https://app.example.com/.well-known/oauth-protected-resource'
  t.equal(metadataFor({ credentials: ['bearer'] }), `${wellKnown}/api/orders`)
  const audience = ['https://app.example.com/api']
  t.equal(metadataFor({ credentials: ['bearer'], audience }), `${wellKnown}/api`)
  t.equal(metadataFor({ credentials: ['session'] }), undefined)
})
