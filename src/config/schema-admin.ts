import { z } from 'zod'
import { documented } from './documented.ts'
import { listenAddress } from './listen-address.ts'

/** The `admin` section: the listener for probes, apart from the public one. */
export const adminSchema = z.strictObject({
  listen: documented(listenAddress.prefault('127.0.0.1:4181'), {
    type: 'host:port, [::]:port, :port or unix:/path',
    meaning: 'Where `/healthz` and `/readyz` are answered. Never the public listener.',
    example: '0.0.0.0:4181',
  }),
})
