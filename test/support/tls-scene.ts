import type { Test } from 'tap'
import { pem } from './recorder.ts'
import { type Scene, type SceneOptions, startScene } from './scene.ts'

/** What makes a test gateway end TLS for `localhost`. */
export const tlsOptions = {
  publicUrls: (port: number) => [`https://localhost:${port}`],
  file: pem('server') + pem('server-key'),
  server: 'tls: { cert_file: pair.pem, key_file: pair.pem }',
}

/** A gateway that ends TLS, with one public rule for everything unless told otherwise. */
export function startTls(t: Test, more: SceneOptions = {}): Promise<Scene> {
  const routes = ['path: /**, access: public']
  return startScene(t, { routes, ...tlsOptions, ...more, server: tlsOptions.server + (more.server ?? '') })
}
