import { Gauge, type Registry } from 'prom-client'
import type { Observer } from '../observer.ts'
import { addCounter } from './metric.ts'

/** Counts reloads; whoever makes the metrics has read a good configuration. `now` gives epoch seconds. */
export function countReloads(registry: Registry, now: () => number): Pick<Observer, 'reloaded'> {
  const reloads = addCounter(registry, {
    name: 'postern_config_reloads_total',
    help: 'Configurations that were read anew while running, by outcome: applied, or refused, and the old one serves on.',
    labelNames: ['outcome'],
  })
  // Of several processes the primary one tells: it comes first, and it is the one that reads configurations.
  const successful = new Gauge({
    name: 'postern_config_last_reload_successful',
    help: '1 if the configuration that was read last is the one in force, else 0.',
    registers: [registry],
    aggregator: 'first',
  })
  const timestamp = new Gauge({
    name: 'postern_config_last_reload_success_timestamp_seconds',
    help: 'When the configuration in force was read, in epoch seconds.',
    registers: [registry],
    aggregator: 'first',
  })
  for (const outcome of ['applied', 'refused']) reloads(outcome)
  successful.set(1)
  timestamp.set(now())

  return {
    reloaded({ outcome }) {
      reloads(outcome).value += 1
      successful.set(outcome === 'applied' ? 1 : 0)
      if (outcome === 'applied') timestamp.set(now())
    },
  }
}
