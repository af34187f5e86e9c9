/** The value of a label: one of a set that the configuration and the code bound, never anything a client wrote. */
export type LabelValue = string | number

/** One child of a metric, with its labels as Prometheus has them. */
type Entry<T> = Readonly<{ labels: Readonly<Record<string, string>>; child: T }>

/** The children of a metric by their label values. */
export type Series<T> = Readonly<{
  /** The child with these label values, made at first use. */
  of: (...values: readonly LabelValue[]) => T
  entries: () => readonly Entry<T>[]
}>

type Node = Map<LabelValue, unknown>

/**
 * Makes the children of a metric. Finding one takes a lookup per label; prom-client's own children build and hash a text
 * at each count instead (measured: 2.7 µs for the three metrics of a request, of about 50 that a request takes).
 */
export function createSeries<T>(labelNames: readonly string[], create: () => T): Series<T> {
  const root: Node = new Map()
  const all: Entry<T>[] = []

  function of(...values: readonly LabelValue[]): T {
    const last = values.length - 1
    let node = root
    for (let i = 0; i < last; i++) node = branch(node, values[i] as LabelValue)
    return (node.get(values[last] ?? '') as T | undefined) ?? grow(node, values)
  }

  function grow(node: Node, values: readonly LabelValue[]): T {
    const child = create()
    node.set(values.at(-1) ?? '', child)
    all.push({ child, labels: Object.fromEntries(labelNames.map((name, i) => [name, String(values[i])])) })
    return child
  }

  return { of, entries: () => all }
}

function branch(node: Node, value: LabelValue): Node {
  const found = node.get(value) as Node | undefined
  if (found !== undefined) return found
  const made: Node = new Map()
  node.set(value, made)
  return made
}
