import { type BigIntStats, statSync } from 'node:fs'
import { stat } from 'node:fs/promises'

/** What tells one state of a file from another without reading it; links are followed. */
export type FileState = string

const absent: FileState = 'absent'

/** The state of a file now. */
export async function fileState(file: string): Promise<FileState> {
  return stat(file, { bigint: true }).then(stateOf, () => absent)
}

/** Does the same at once: taken before a file is read, it is never younger than what was read. */
export function fileStateSync(file: string): FileState {
  const found = statSync(file, { bigint: true, throwIfNoEntry: false })
  return found === undefined ? absent : stateOf(found)
}

function stateOf({ dev, ino, size, mtimeNs, ctimeNs }: BigIntStats): FileState {
  return [dev, ino, size, mtimeNs, ctimeNs].join(' ')
}
