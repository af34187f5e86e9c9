import t from 'tap'
import { skipWithout } from '../support/front.ts'
import { behaves } from './expectations.ts'

t.test('behind nginx', { skip: skipWithout('nginx') }, async (t) => {
  behaves(t, { name: 'nginx', isDelivering: true })
})
