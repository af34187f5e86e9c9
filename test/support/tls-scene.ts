import type { Test } from 'tap'
import { type Scene, type SceneOptions, startScene } from './scene.ts'

/** A gateway that ends TLS, with one public rule for everything unless told otherwise. */
export function startTls(t: Test, more: SceneOptions = {}): Promise<Scene> {
  return startScene(t, { routes: ['path: /**, access: public'], isTls: true, ...more })
}
