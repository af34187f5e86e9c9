import t from 'tap'
import { createProgram } from '../../src/cli/program.ts'
import { snippets } from '../../src/snippets/snippets.ts'
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
