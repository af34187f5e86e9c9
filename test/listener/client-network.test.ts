import t from 'tap'
import { clientNetwork } from '../../src/listener/client-network.ts'

const cases: readonly [address: string, network: string][] = [
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:0DB8:0001:0002::9', '2001:db8:1:2::/64'],
  ['2001:db8:1:3::9', '2001:db8:1:3::/64'],
  ['::1', '0:0:0:0::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['not:an:address', 'not:an:address'],
  ['', ''],
]

for (const [address, network] of cases) {
  t.test(`${address || 'nothing'} belongs to ${network || 'nobody'}`, async (t) =>
    t.equal(clientNetwork(address), network),
  )
}
