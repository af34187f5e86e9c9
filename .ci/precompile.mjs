// Runs the script that src/cli/precompiled.ts loads, and puts what V8 compiled meanwhile beside it, for this version of Node.
import { createHash } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { join } from 'node:path'
import { Script } from 'node:vm'

const runs = [
  ['check', 'config/postern.yaml'],
  ['explain', '--config', 'config/postern.yaml', 'GET', '/api/orders/7', '--scopes', 'orders:read'],
  ['test', 'config/tests.yaml'],
]

process.env.POSTERN_CLIENT_SECRET = 'a client secret that guards nothing'
process.env.POSTERN_SESSION_KEY = Buffer.alloc(32, 'a session key that guards nothing').toString('base64')
process.stdout.write = () => true

const file = join(import.meta.dirname, '..', 'dist', 'precompiled.cjs')
const source = readFileSync(file)
const script = new Script(String(source), { filename: file })
const exports = {}
script.runInThisContext()(exports, createRequire(file), file)
for (const args of runs) {
  process.argv = [process.execPath, file, ...args]
  await exports.run()
  if (process.exitCode) throw new Error(`${args.join(' ')} ended with ${process.exitCode}`)
}
const code = script.createCachedData()
const digest = createHash('sha256').update(source).update(code).digest()
writeFileSync(file.replace(/cjs$/, 'bin'), Buffer.concat([digest, code]))
