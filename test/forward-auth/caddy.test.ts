import t from 'tap'
import { skipWithout } from '../support/front.ts'
import { behaves } from './expectations.ts'

t.test('behind caddy', { skip: skipWithout('caddy') }, async (t) => {
  behaves(t, { name: 'caddy', isDelivering: false })
})
