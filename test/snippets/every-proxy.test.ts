import t from 'tap'
import { runPrint } from '../../src/cli/print.ts'
import { createProgram } from '../../src/cli/program.ts'
import { snippets } from '../../src/snippets/snippets.ts'
import { load } from '../config/support.ts'
import { assertValid, unknownKeys } from '../support/kubernetes.ts'

t.test('what the command line offers is what there is a snippet for', async (t) => {
  const print = createProgram().commands.find((command) => command.name() === 'print')
  t.strictSame([...(print?.registeredArguments[0]?.argChoices ?? [])].sort(), Object.keys(snippets).sort())
})

t.test('a manifest with a key that no schema knows is found out', async (t) => {
  const service = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'app' } }
  await assertValid(t, [{ ...service, spec: { ports: [{ port: 80 }] } }])
  t.match(unknownKeys(t, [{ ...service, spec: { ports: [{ port: 80 }], prots: [] } }]), /prots/)
})

t.test(
  'a configuration that says nothing of a proxy is told what it lacks, and gets what is usual',
  async (t) => {
    for (const [kind, { preset }] of Object.entries(snippets)) {
      let printed = ''
      runPrint(kind, load(t, {}), { write: (text) => (printed += text) })
      t.match(printed, `must say: forward_auth: { preset: ${preset} }\n`, kind)
      t.match(printed, 'must say: server: { trusted_proxies: [', kind)
      // What is copied stands in the other of HAProxy's two files.
      if (kind !== 'haproxy') t.match(printed, /x-auth-request-preferred-username/i, kind)
    }
  },
)

t.test('where Postern listens on a socket, a port is made up that is easy to see through', async (t) => {
  const config = load(t, {
    server: 'server: { public_url: https://app.example.com, listen: unix:/run/postern.sock }',
  })
  let printed = ''
  runPrint('envoy', config, { write: (text) => (printed += text) })
  t.match(printed, 'http://127.0.0.1:4180')
})
