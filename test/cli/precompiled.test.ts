import { createHash } from 'node:crypto'
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

/** What a build puts beside a script, but made of another: only so can it be told which of the two runs. */
function compiled(source: string, of: string, change = (code: Buffer) => code): Buffer {
  const code = change(new Script(of).createCachedData())
  return Buffer.concat([createHash('sha256').update(source).update(code).digest(), code])
}

t.test('compiled code is used', async (t) => {
  const folder = folderWith(t, {
    'precompiled.cjs': telling(2),
    'precompiled.bin': compiled(telling(2), telling(3)),
  })
  t.strictSame(await precompiled(['explain'], folder)?.(), ['precompiled.cjs', 3])
})

t.test('compiled code of another script or version, or what is none, is left alone', async (t) => {
  const cases: Record<string, (source: string, other: string) => Buffer> = {
    'of a script of the same length': (_source, other) => compiled(other, other),
    'of another version of Node': (source, other) => compiled(source, other, withOtherVersion),
    damaged: (source, other) => flipped(compiled(source, other), -1),
    'cut off': (source, other) => compiled(source, other).subarray(0, -1),
    'nothing of the kind': () => Buffer.from('nothing of the kind'),
    empty: () => Buffer.alloc(0),
  }
  for (const [index, [name, make]] of Object.entries(cases).entries()) {
    // A script of its own for each: V8 keeps in memory what it compiled itself.
    const [number, other] = [10 + index, 50 + index]
    const folder = folderWith(t, {
      'precompiled.cjs': telling(number),
      'precompiled.bin': make(telling(number), telling(other)),
    })
    t.strictSame(await precompiled(['explain'], folder)?.(), ['precompiled.cjs', number], name)
  }
})

/** V8 begins with a magic number and a hash of its version, 4 bytes each. */
function withOtherVersion(code: Buffer): Buffer {
  return flipped(code, 4)
}

function flipped(bytes: Buffer, index: number): Buffer {
  const copy = Buffer.from(bytes)
  copy.writeUInt8((copy.at(index) ?? 0) ^ 1, index < 0 ? copy.length + index : index)
  return copy
}
