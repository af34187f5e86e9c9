import t from 'tap'
import { createShed } from '../../src/gate/shed.ts'

t.test('sheds all but what ends a login or a session', async (t) => {
  let reason: string | undefined
  const shed = createShed('/own', () => reason)
  t.equal(shed('/x'), undefined)
  reason = 'memory'
  const paths = ['/x', '/own/start', '/own/auth', '/own/callback', '/own/sign_out', '/own/signed_out']
  t.strictSame(paths.map(shed), ['memory', 'memory', 'memory', undefined, undefined, undefined])
})
