import { z } from 'zod'
import { documented } from './documented.ts'
import { listenAddress } from './listen-address.ts'

/** The `admin` section: the listener for probes and metrics, apart from the public one. */
export const adminSchema = z.strictObject({
  listen: documented(listenAddress.prefault('127.0.0.1:4181'), {
    type: 'host:port, [::]:port, :port or unix:/path',
    meaning: 'Where `/healthz`, `/readyz` and `/metrics` are answered. Never the public listener.',
    example: '0.0.0.0:4181',
  }),
  metrics: documented(z.boolean('must be true or false').prefault(true), {
    type: 'true or false',
    meaning:
      'Whether `/metrics` tells Prometheus what the gateway counts: numbers, names of the configuration and reasons, nothing about anybody. [metrics.md](metrics.md) lists them.',
    example: false,
  }),
})
