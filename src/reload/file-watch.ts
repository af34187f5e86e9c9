import { type FileState, fileState } from './file-state.ts'

/** Files and what they were like when they were read. */
export type FileStates = ReadonlyMap<string, FileState>

/** Tells when any of a set of files was changed, replaced, removed or made. */
export type FileWatch = Readonly<{
  /** Looks at the files; true once for each change, as soon as nothing changes any more from one look to the next. */
  hasChanged: () => Promise<boolean>
  /** Watches these from now on; their next change is what differs from what is given. */
  watch: (states: FileStates) => void
}>

/**
 * Makes a watch of no files. It looks instead of being told: that works for mounted volumes, network file systems and the
 * symbolic links that Kubernetes exchanges, where notifications do not.
 */
export function createFileWatch(look: (file: string) => Promise<FileState> = fileState): FileWatch {
  let files: readonly string[] = []
  let known = ''
  let latest = ''

  return Object.freeze({
    async hasChanged() {
      const before = latest
      latest = joined(await Promise.all(files.map(look)))
      if (latest === known || latest !== before) return false
      known = latest
      return true
    },
    watch(states: FileStates) {
      files = [...states.keys()]
      known = joined([...states.values()])
      latest = known
    },
  })
}

function joined(states: readonly FileState[]): string {
  return states.join('\n')
}
