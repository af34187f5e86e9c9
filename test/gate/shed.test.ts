import t from 'tap'
import { createShed } from '../../src/gate/shed.ts'

t.test('sheds all but what ends a login or a session', async (t) => {
  let reason: string | undefined
  const told: string[] = []
  const shed = createShed(
    '/own',
    () => reason,
    (why) => told.push(why),
  )
  t.equal(shed('/x'), undefined)
  reason = 'memory'
  const paths = ['/x', '/own/start', '/own/auth', '/own/callback', '/own/sign_out', '/own/signed_out']
  t.strictSame(paths.map(shed), ['memory', 'memory', 'memory', undefined, undefined, undefined])
  t.strictSame(told, ['memory', 'memory', 'memory'])
})
