import { flagNamed, isExactName } from './option-names.ts'
import { type Option, options } from './options.ts'

/** One option as it was read: its name in any spelling, and its values. */
export type Written = Readonly<{
  name: string
  values: readonly string[]
  /** The values came as a list; otherwise a comma in one of them makes it several, where a list is wanted. */
  isWhole?: boolean
}>

/** What an oauth2-proxy configuration says. */
export type Settings = Readonly<{
  /** By flag. */
  values: ReadonlyMap<string, readonly string[]>
  /** Names that are no options, as far as they can be shown. */
  unknown: readonly string[]
}>

/** Joins what was read: the later goes before the earlier, and what is spelled right before what is not. */
export function settingsOf(sources: readonly (readonly Written[])[]): Settings {
  const written = sources.flat()
  const known = written
    .filter(({ name }) => flagNamed(name) !== undefined)
    .sort((a, b) => Number(isExactName(a.name)) - Number(isExactName(b.name)))
  const unknown = written.filter(({ name }) => flagNamed(name) === undefined)
  return {
    values: new Map(known.map((option) => [flagNamed(option.name) as string, valuesOf(option)])),
    unknown: [...new Set(unknown.map(({ name }) => shown(name)))],
  }
}

function valuesOf({ name, values, isWhole }: Written): readonly string[] {
  const { kind } = options[flagNamed(name) as string] as Option
  return kind === 'list' && isWhole !== true ? values.flatMap((value) => value.split(',')) : values
}

/** What has no sense as a name may be a secret in the wrong place. */
function shown(name: string): string {
  return /^[a-z][a-z0-9_-]{0,39}$/i.test(name) ? name : '(a name that is not shown)'
}

/** The last value that is not empty. */
export function textOf({ values }: Settings, flag: string): string | undefined {
  return values
    .get(flag)
    ?.map((value) => value.trim())
    .findLast((value) => value !== '')
}

/** Every value; those that are empty are left out. */
export function listOf({ values }: Settings, flag: string): readonly string[] {
  return [...new Set((values.get(flag) ?? []).map((value) => value.trim()).filter((value) => value !== ''))]
}

/** A switch, as Go reads it; what it cannot read counts as if it were not written. */
export function isOn(settings: Settings, flag: string): boolean {
  const { usual = 'false' } = options[flag] as Option
  const written = textOf(settings, flag) ?? usual
  if (/^(?:1|t|true)$/i.test(written)) return true
  return /^(?:0|f|false)$/i.test(written) ? false : usual === 'true'
}

/** Tells whether an option is written and says something else than what holds without it. */
export function isUnusual(settings: Settings, flag: string): boolean {
  const { kind, usual } = options[flag] as Option
  if (kind === 'switch') return isOn(settings, flag) !== (usual === 'true')
  const written = listOf(settings, flag)
  return written.length > 0 && written.join(',') !== usual
}
