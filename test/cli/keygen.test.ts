import t from 'tap'
import { runKeygen } from '../../src/cli/keygen.ts'
import { loadConfig } from '../../src/config/load.ts'
import { writeConfig, yamlWith } from '../config/support.ts'

t.test('prints a key that a configuration accepts, and another one each time', async (t) => {
  const lines: string[] = []
  const write = (line: string) => lines.push(line)
  runKeygen({ write })
  runKeygen({ write })
  const file = writeConfig(t, yamlWith({ session: `session: { keys: [${lines.join(', ')}] }` }))
  t.equal(loadConfig(file, { env: {} }).session.keys.length, 2)
})
