/** What Linux tells about a process: CPU time, memory, children. Everything here reads /proc. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'

/**
 * CPU time of these processes so far, all threads, in microseconds.
 * From schedstat, in nanoseconds: utime and stime of /proc/PID/stat hold the same time in steps of 10 ms, too coarse for nginx.
 */
export function cpuMicros(pids: readonly number[]): number {
  let nanoseconds = 0
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      nanoseconds += nanosecondsOf(`/proc/${pid}/task/${thread}/schedstat`)
    }
  }
  return nanoseconds / 1000
}

function nanosecondsOf(schedstat: string): number {
  try {
    return Number(readFileSync(schedstat, 'latin1').split(' ')[0])
  } catch {
    return 0 // the thread ended while we were looking: configurations are loaded in one
  }
}

/** Resident memory of these processes now, in MB (10^6 bytes). */
export function residentMemory(pids: readonly number[]): number {
  return sumOfStatus(pids, 'VmRSS')
}

/** The largest resident memory since start or `forgetPeak`, in MB (10^6 bytes). */
export function peakMemory(pids: readonly number[]): number {
  return sumOfStatus(pids, 'VmHWM')
}

/** Makes `peakMemory` start again from the memory in use now. */
export function forgetPeak(pids: readonly number[]): void {
  for (const pid of pids) writeFileSync(`/proc/${pid}/clear_refs`, '5')
}

/** The process and every process below it. */
export function processTree(root: number): number[] {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => ({ pid: Number(name), parent: parentOf(name) }))
  const tree = [root]
  for (const above of tree)
    tree.push(...parents.filter(({ parent }) => parent === above).map(({ pid }) => pid))
  return tree
}

/** The cores this process may run on. */
export function allowedCores(): number[] {
  const list = /^Cpus_allowed_list:\s*(.+)$/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1] ?? '0'
  return list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number)
    return Array.from({ length: last - first + 1 }, (_, index) => first + index)
  })
}

function parentOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0 // it ended while we were looking
  }
}

function sumOfStatus(pids: readonly number[], field: string): number {
  const inField = new RegExp(`^${field}:\\s*(\\d+) kB`, 'm')
  const kilobytes = pids.map((pid) =>
    Number(inField.exec(readFileSync(`/proc/${pid}/status`, 'latin1'))?.[1]),
  )
  return (kilobytes.reduce((sum, value) => sum + value, 0) * 1024) / 1e6
}
