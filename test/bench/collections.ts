/** The heap of a process after its full garbage collections: what it really holds, from what `node --trace-gc` prints. */
export type Collections = readonly Readonly<{
  pid: number
  /** Minutes since the process started, and MB in use. */
  points: readonly (readonly [minutes: number, heap: number])[]
}>[]

const fullCollection = /^\[(\d+):([^\]]+)\] +(\d+) ms: Mark-Compact.*? -> ([\d.]+) \(/gm

/** Reads them process by process. Threads have heaps of their own; the main one collects first. */
export function readCollections(printed: string): Collections {
  const processes = new Map<number, { heap: string; points: [number, number][] }>()
  for (const [, pid, heap = '', ms, size] of printed.matchAll(fullCollection)) {
    const known = processes.get(Number(pid)) ?? { heap, points: [] }
    processes.set(Number(pid), known)
    if (known.heap === heap) known.points.push([Number(ms) / 60_000, Number(size)])
  }
  return [...processes].map(([pid, { points }]) => ({ pid, points }))
}
