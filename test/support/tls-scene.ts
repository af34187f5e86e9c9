import type { Test } from 'tap'
import { pem } from './recorder.ts'
import { type Scene, type SceneOptions, startScene } from './scene.ts'

/** A gateway that ends TLS, with one public rule for everything unless told otherwise. */
export function startTls(t: Test, more: SceneOptions = {}): Promise<Scene> {
  return startScene(t, {
    routes: ['path: /**, access: public'],
    publicUrls: (port) => [`https://localhost:${port}`],
    file: pem('server') + pem('server-key'),
    ...more,
    server: `tls: { cert_file: pair.pem, key_file: pair.pem }${more.server ?? ''}`,
  })
}
