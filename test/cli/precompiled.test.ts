import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Script } from 'node:vm'
import t, { type Test } from 'tap'
import { precompiled } from '../../src/cli/precompiled.ts'

/** A script that tells a number, which is compiled at once. */
const telling = (number: number) =>
  `(function (exports, require, file) {
    const name = require("node:path").basename(file), number = ${number}
    exports.run = async () => [name, number]
  })`
const script = telling(1)

function folderWith(t: Test, files: Record<string, string | Buffer>): URL {
  return pathToFileURL(join(t.testdir(files), '/'))
}

t.test('commands that only read files run from the script', async (t) => {
  const folder = folderWith(t, { 'precompiled.cjs': script })
  for (const args of [
    ['explain', 'GET', '/'],
    ['check', 'x.yaml'],
    ['test', 'x.yaml', '--cook'],
  ])
    t.strictSame(await precompiled(args, folder)?.(), ['precompiled.cjs', 1], args.join(' '))
})

t.test('all others run from modules, as does what opens a cookie', async (t) => {
  const folder = folderWith(t, { 'precompiled.cjs': script })
  const others = [
    [],
    ['serve'],
    ['--config', 'explain'],
    ['healthcheck'],
    ['explain', '--cookie', '-'],
    ['explain', '--cookie=-'],
  ]
  for (const args of others) t.equal(precompiled(args, folder), undefined, args.join(' '))
})

t.test('without a script, everything does', async (t) => {
  t.equal(precompiled(['explain'], folderWith(t, {})), undefined)
})

t.test('compiled code is used', async (t) => {
  // Nothing but this tells: code for a source of the same length. V8 keeps in memory what it compiled itself.
  const compiled = new Script(telling(2)).createCachedData()
  const folder = folderWith(t, { 'precompiled.cjs': telling(3), 'precompiled.bin': compiled })
  t.strictSame(await precompiled(['explain'], folder)?.(), ['precompiled.cjs', 2])
})

t.test('compiled code of another script or version, or of none, is left alone', async (t) => {
  const compiled = new Script(`${script} `).createCachedData()
  const otherVersion = Buffer.from(new Script(telling(2)).createCachedData())
  otherVersion.writeUInt32LE(otherVersion.readUInt32LE(4) ^ 1, 4)
  for (const bytes of [compiled, otherVersion, Buffer.from('nothing of the kind'), Buffer.alloc(0)]) {
    const folder = folderWith(t, { 'precompiled.cjs': script, 'precompiled.bin': bytes })
    t.strictSame(await precompiled(['explain'], folder)?.(), ['precompiled.cjs', 1])
  }
})
