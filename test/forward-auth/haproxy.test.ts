import t from 'tap'
import { skipWithout } from '../support/front.ts'
import { behaves } from './expectations.ts'

t.test('behind haproxy', { skip: skipWithout('haproxy') }, async (t) => {
  behaves(t, { name: 'haproxy', isDelivering: true })
})
