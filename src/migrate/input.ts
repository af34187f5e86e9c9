import type { Preset } from '../config/schema-forward-auth.ts'
import type { Notes } from './notes.ts'
import type { Settings } from './settings.ts'

/** What each translation works with. */
export type Input = Readonly<{
  settings: Settings
  notes: Notes
  /** Which proxy asks, if the user says so. */
  preset?: Preset | undefined
}>
