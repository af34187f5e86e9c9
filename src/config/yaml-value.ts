import {
  type Alias,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  type Scalar,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml'
import type { Expansion } from './environment.ts'
import { pathKey } from './path-set.ts'
import type { Path } from './problem.ts'

/**
 * What was read at a path, with the offsets of the value and of the key it stands under. A literal is a text, number or
 * the like that stands there as it is, without a variable.
 */
export type Place = Readonly<{ content: unknown; value: number; key: number; isLiteral: boolean }>

/** Something wrong with the value at `path`, or at the offset of a key that cannot be taken. */
type Finding = Readonly<{ path: Path; message: string; offset?: number }>

/** A plain value, where each part of it was written, and what is wrong with it already. */
export type LocatedValue = Readonly<{
  value: unknown
  places: ReadonlyMap<string, Place>
  findings: readonly Finding[]
}>

/** More than a hand-written file needs; keeps a few lines from growing into gigabytes, or into a circle. */
const maxAliases = 50

/** Aliases are refused once this many values were read. */
const maxRepeatedValues = 100_000

/** Aliases within aliases may nest no deeper than this, far from where recursion would run out of stack. */
const maxDepth = 64

/** Turns a parsed document without faults into a plain value, each string passed through `expand`. */
export function readValue(document: Document.Parsed, expand: (text: string) => Expansion): LocatedValue {
  const places = new Map<string, Place>()
  const findings: Finding[] = []
  let aliases = 0

  function read(node: unknown, path: Path, key: number): unknown {
    const content = readContent(node, path, key)
    const isLiteral = isScalar(node) ? node.value === content : places.get(pathKey(path))?.isLiteral === true
    places.set(pathKey(path), { content, value: startOf(node) ?? key, key, isLiteral })
    return content
  }

  function readContent(node: unknown, path: Path, key: number): unknown {
    if (isAlias(node)) return readAlias(node, path, key)
    if (isMap(node)) return readMap(node, path)
    if (isSeq(node)) return readList(node, path)
    return readScalar(node, path)
  }

  function readAlias(node: Alias, path: Path, key: number): unknown {
    const isTooMuch = ++aliases > maxAliases || places.size > maxRepeatedValues || path.length > maxDepth
    if (isTooMuch) return refuse(path, 'aliases repeat too much here; write the values out')
    const target = node.resolve(document)
    return target
      ? read(target, path, key)
      : refuse(path, 'no anchor of this name stands above; if this is text, put it in quotes')
  }

  function readMap(map: YAMLMap, path: Path): unknown {
    const entries = new Map<string, unknown>()
    for (const pair of map.items) {
      const keyNode = pair.key as Scalar<string>
      const name = keyNode.value
      const place = startOf(keyNode) as number
      const below = [...path, name]
      const problem = keyProblem(name, entries)
      if (problem !== undefined) findings.push({ path: below, message: problem, offset: place })
      else entries.set(name, read(pair.value, below, place))
    }
    return Object.fromEntries(entries)
  }

  function readList(list: YAMLSeq, path: Path): unknown {
    return list.items.map((item, index) => read(item, [...path, index], startOf(list) as number))
  }

  function readScalar(node: unknown, path: Path): unknown {
    const value = isScalar(node) ? node.value : null
    if (typeof value !== 'string') return value
    const expansion = expand(value)
    if ('text' in expansion) return expansion.text
    refuse(path, expansion.problem)
    return value
  }

  function refuse(path: Path, message: string): null {
    findings.push({ path, message })
    return null
  }

  return { value: read(document.contents, [], 0), places, findings }
}

function keyProblem(name: string, entries: ReadonlyMap<string, unknown>): string | undefined {
  if (name === '<<')
    return 'merge keys are not supported; write the keys out, or use an alias for the whole map'
  if (name === '__proto__') return 'this name cannot be used as a key'
  return entries.has(name) ? 'this key is written twice in one map; keep one of them' : undefined
}

function startOf(node: unknown): number | undefined {
  return (node as { range?: readonly number[] | null } | null)?.range?.[0]
}
