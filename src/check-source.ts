import type { Preset } from './config/schema-forward-auth.ts'
import type { OriginalSource } from './core/original-request.ts'

/** Where each of the proxies that ask writes down what it asks about. */
export function checkSource(preset: Preset): OriginalSource {
  if (preset === 'nginx' || preset === 'ingress-nginx') return preset
  return preset === 'envoy' ? 'path' : 'forwarded'
}
