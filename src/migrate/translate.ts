import type { Preset } from '../config/schema-forward-auth.ts'
import type { Input } from './input.ts'
import { createNotes, type Note } from './notes.ts'
import { keyOf } from './option-names.ts'
import { type Option, options } from './options.ts'
import { isOn, isUnusual, type Settings } from './settings.ts'
import { translateBearer } from './translate-bearer.ts'
import { translateForwardAuth } from './translate-forward-auth.ts'
import { translateProvider } from './translate-provider.ts'
import { translateRedirect } from './translate-redirect.ts'
import { translateRoutes } from './translate-routes.ts'
import { translateServer } from './translate-server.ts'
import { translateSession } from './translate-session.ts'
import { translateUpstreams } from './translate-upstreams.ts'
import type { Branch } from './tree.ts'

/** A configuration for Postern, and what has to be told about it. */
export type Translation = Readonly<{
  config: Branch
  notes: readonly Note[]
  /** Keys of options that Postern follows without being told. */
  same: readonly string[]
  unknown: readonly string[]
}>

/**
 * Translates the settings of oauth2-proxy. Nobody passes who did not before, unless a note says so.
 * @throws {SyntaxProblem} when a value makes no sense and who may pass depends on it
 */
export function translate(settings: Settings, preset?: Preset): Translation {
  const notes = createNotes()
  const input: Input = { settings, notes, preset }
  const forwardAuth = translateForwardAuth(input)
  const { upstreams, mounts } = translateUpstreams(input)
  const config = {
    server: translateServer(input, forwardAuth !== undefined),
    provider: translateProvider(input),
    session: translateSession(input),
    bearer: translateBearer(input),
    upstreams,
    routes: translateRoutes(input, mounts),
    forward_auth: forwardAuth,
    redirect: translateRedirect(input),
    logging: isOn(settings, 'request-logging') ? undefined : { level: 'warn' },
  }
  for (const flag of written(settings, 'none'))
    notes.add('lacking', keyOf(flag), (options[flag] as Option).says)
  return { config, notes: notes.all, same: written(settings, 'same').map(keyOf), unknown: settings.unknown }
}

/** The flags that are written and mean something. */
function written(settings: Settings, fate: Option['fate']): string[] {
  return [...settings.values.keys()].filter((flag) => {
    const option = options[flag] as Option
    return option.fate === fate && (fate === 'same' || isUnusual(settings, flag))
  })
}
