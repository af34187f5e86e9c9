import { stringify } from 'yaml'

/** A text as a YAML scalar, quoted only where it would be read as something else; by the older rules of Kubernetes too. */
export function scalar(text: string): string {
  return stringify(text, { version: '1.1', lineWidth: 0 }).trimEnd()
}

/** The items of a list, one a line. */
export function listed(items: readonly string[], indent: number): string {
  return items.map((item) => `${' '.repeat(indent)}- ${scalar(item)}`).join('\n')
}

/** A key with a list below it, which has items; the text ends its last line. */
export function keyWithList(key: string, items: readonly string[], indent: number): string {
  return `${' '.repeat(indent)}${key}:\n${listed(items, indent + 2)}\n`
}
