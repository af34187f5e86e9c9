import { closeSync, openSync, readSync } from 'node:fs'
import { getSystemErrorMap } from 'node:util'

/** Reads a whole text file. Throws an Error whose message may be shown to people. */
export type ReadTextFile = (path: string) => string

const maxBytes = 1024 * 1024

/** Reads a UTF-8 file of at most 1 MiB; a byte order mark is dropped. Throws an Error that names no path and no content. */
export function readTextFile(path: string): string {
  const bytes = readBytes(path)
  if (bytes.length > maxBytes) throw new Error('the file is larger than 1 MiB')
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    throw new Error('the file is not UTF-8 text')
  }
}

/** Stops one byte past the limit, so that a huge or endless file costs no more than a full one. */
function readBytes(path: string): Uint8Array {
  const buffer = new Uint8Array(maxBytes + 1)
  try {
    const descriptor = openSync(path, 'r')
    try {
      return buffer.subarray(0, fill(descriptor, buffer))
    } finally {
      closeSync(descriptor)
    }
  } catch (error) {
    const known = getSystemErrorMap().get(Number((error as NodeJS.ErrnoException).errno))
    throw new Error(known?.[1] ?? 'the path is not acceptable')
  }
}

function fill(descriptor: number, buffer: Uint8Array): number {
  let length = 0
  while (length < buffer.length) {
    const count = readSync(descriptor, buffer, length, buffer.length - length, null)
    if (count === 0) break
    length += count
  }
  return length
}
