import { readFileSync } from 'node:fs'
import { readTextFile } from '../config/read-text-file.ts'

/** Reads a text file of at most 1 MiB, or all of standard input as `-`. Throws an Error that names no content. */
export function readInput(file: string): string {
  return file === '-' ? readFileSync(0, 'utf8') : readTextFile(file)
}
