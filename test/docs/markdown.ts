import { readFileSync } from 'node:fs'

/** A fenced block: its language, its text without the fence, and the line it begins at. */
export type Block = Readonly<{ language: string; text: string; line: number }>

/** A file of the project, from its root. */
export function projectFile(name: string): string {
  return readFileSync(name, 'utf8')
}

/** The fenced blocks of a language, or of every language. */
export function blocksOf(markdown: string, language = '\\w*'): Block[] {
  const fence = new RegExp(`^\`\`\`(${language})\\n(.*?)^\`\`\`$`, 'gms')
  return [...markdown.matchAll(fence)].map(({ 1: found = '', 2: text = '', index }) => ({
    language: found,
    text,
    line: markdown.slice(0, index).split('\n').length,
  }))
}

/** Everything but the fenced blocks. */
function proseOf(markdown: string): string {
  return markdown.replace(/^```.*?^```$/gms, '')
}

/** What stands between backticks in the prose. */
export function inlineCodeOf(markdown: string): string[] {
  return [...proseOf(markdown).matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
}

/** The targets of the links in the prose, those to other sites left out. */
export function localLinksOf(markdown: string): string[] {
  const targets = [...proseOf(markdown).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target = '']) => target)
  return targets.filter((target) => !/^https?:/.test(target))
}

/** The anchors of the headings, as GitHub makes them. */
export function anchorsOf(markdown: string): string[] {
  return [...proseOf(markdown).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  )
}

/** The cells of each row of the tables under a heading, header and ruler left out. */
export function rowsUnder(markdown: string, heading: string): string[][] {
  const [, section = ''] = proseOf(markdown).split(`\n${heading}\n`)
  const [own = ''] = section.split(/^#{1,6} /m)
  const rows = own.split('\n').filter((line) => line.startsWith('| '))
  return rows.slice(1).flatMap((line) => {
    const cells = line
      .slice(1, -1)
      .split('|')
      .map((cell) => cell.trim())
    return cells.every((cell) => /^-+$/.test(cell)) ? [] : [cells]
  })
}
