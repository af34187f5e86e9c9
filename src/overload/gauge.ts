import { monitorEventLoopDelay } from 'node:perf_hooks'
import { getHeapStatistics } from 'node:v8'
import { partOf, type Reading } from './load.ts'

/** Measures the process it runs in. */
export type Gauge = Readonly<{
  /** What happened since the last time it was asked. */
  read: () => Reading
  /** Ends the measuring. */
  stop: () => void
}>

/** How often the event loop is looked at, in milliseconds. */
const resolution = 20
const nanosecondsPerMillisecond = 1e6

/**
 * Begins to measure this process: its event loop, and its memory against what the heap and the container have;
 * `processes` share the latter.
 */
export function createGauge(processes: number): Gauge {
  const delay = monitorEventLoopDelay({ resolution })
  delay.enable()
  return { read, stop: () => void delay.disable() }

  function read(): Reading {
    // What is measured is the time from one look to the next, and not a number when there was none.
    const mean = Number.isNaN(delay.mean) ? 0 : delay.mean / nanosecondsPerMillisecond
    delay.reset()
    const { used_heap_size, heap_size_limit } = getHeapStatistics()
    const ofContainer = partOf(process.memoryUsage.rss() * processes, process.constrainedMemory())
    return {
      eventLoopDelay: Math.max(0, mean - resolution),
      memory: Math.max(partOf(used_heap_size, heap_size_limit), ofContainer),
    }
  }
}
