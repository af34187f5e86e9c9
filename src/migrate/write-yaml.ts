import { Document, isMap, isSeq, visit } from 'yaml'
import type { Note } from './notes.ts'
import type { Translation } from './translate.ts'
import { type Branch, isVariable, type Tree } from './tree.ts'

const width = 110

const headings: Readonly<Record<Note['kind'], string>> = {
  set: 'Set these variables of the environment:',
  decide:
    'Decide what nobody can translate. "postern check" fails until these are set, or written instead of the variable:',
  changed: 'Means something else now:',
  lacking: 'Has no equivalent, and was left out:',
}

/** Writes the configuration as YAML, with everything that has to be told as a comment before it. */
export function writeYaml(translation: Translation): string {
  const document = new Document(plain(translation.config))
  visit(document, {
    Map: (_, node, path) => {
      node.flow = isSeq(path.at(-1)) && !node.items.some(({ value }) => isMap(value))
    },
    Seq: (_, node) => {
      node.flow = !node.items.some((item) => isMap(item))
    },
  })
  document.commentBefore = comment(translation)
  return document.toString({ lineWidth: width, flowCollectionPadding: true })
}

/** Variables in the form of Postern; everything else is literal, whatever it looks like. */
function plain(tree: Tree): unknown {
  if (typeof tree === 'string') return tree.replaceAll('${', () => '$${')
  if (typeof tree !== 'object') return tree
  if (isVariable(tree)) return `$\{${tree.variable}}`
  if (Array.isArray(tree)) return tree.map(plain)
  return Object.fromEntries(
    Object.entries(tree as Branch).flatMap(([key, value]) =>
      value === undefined ? [] : [[key, plain(value)]],
    ),
  )
}

function comment({ notes, same, unknown }: Translation): string {
  const told = (Object.keys(headings) as Note['kind'][]).flatMap((kind) => {
    const ofKind = notes.filter((note) => note.kind === kind)
    return ofKind.length === 0 ? [] : ['', headings[kind], ...ofKind.flatMap(noteLines)]
  })
  const lines = [
    'postern.yaml, made from an oauth2-proxy configuration by "postern migrate".',
    ...told,
    ...listed('Postern does so anyway:', same),
    ...listed('Not known, and passed over:', unknown),
  ]
  return lines.map((line) => ` ${line}`.trimEnd()).join('\n')
}

function listed(heading: string, names: readonly string[]): string[] {
  return names.length === 0 ? [] : ['', ...wrapped(`${heading} ${names.join(', ')}`, '', '  ')]
}

function noteLines({ about, text }: Note): string[] {
  return wrapped(`${about}: ${text}`, '- ', '  ')
}

/** Lines of at most the width, as far as there are blanks to break at. */
function wrapped(text: string, first: string, next: string): string[] {
  const lines = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) as string
    if (last !== '' && last.length + word.length > width - 6) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.map((line, index) => (index === 0 ? first : next) + line)
}
