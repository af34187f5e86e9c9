import type { Test } from 'tap'
import { corpus } from '../support/corpus.ts'
import { runFamily } from './family.ts'

/** One attack of a data file. */
export type Attack = Readonly<{
  id: string
  attack: string
  expected: string
  source: string
  reason: string
}>

export type Checks = Readonly<Record<string, (t: Test) => Promise<void> | void>>

/** Runs every attack of a data file by the check of its id; neither a row without a check nor a check without a row is accepted. */
export async function runAttacks(t: Test, family: string, file: string, checks: Checks): Promise<void> {
  const rows = attacksIn(file)
  t.strictSame(rows.map(({ id }) => id).sort(), Object.keys(checks).sort(), 'a check for every row')
  await runFamily(t, family, rows, ({ id }, t) => checks[id]?.(t), nameOf)
}

function attacksIn(file: string): Attack[] {
  return corpus(file).map(([id = '', attack = '', expected = '', source = '', reason = '']) => ({
    id,
    attack,
    expected,
    source,
    reason,
  }))
}

function nameOf({ id, attack }: Attack): string {
  return `${id} ${attack}`.replace(/[^ -~]/g, '?').replaceAll('#', '')
}
