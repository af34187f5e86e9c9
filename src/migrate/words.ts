import { SyntaxProblem } from './syntax-problem.ts'

/** A comment, blanks, a word with its quotes, or a character that is none of these. */
const shell =
  /\\\r?\n|\s+|(?:#|\/\/(?=\s))[^\n]*|((?:[^\s"'\\]|\\[^\n]|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+)|([\s\S])/y
/** The same, with brackets and commas between the words. */
const flow = /[\s,[\]]+|#[^\n]*|((?:[^\s"'\\,[\]]|\\.|"(?:[^"\\]|\\[\s\S])*"|'[^']*')+)|([\s\S])/y

/**
 * Takes the words of a command line out of a text: a shell command, or the `args` of a container as a YAML or JSON list,
 * on their own or within a manifest. Nothing is expanded.
 * @throws {SyntaxProblem} when a quote is not closed
 */
export function wordsOf(text: string): string[] {
  if (/^[ \t]*-[ \t]+["']?-/m.test(text)) return wordsOfBlockList(text)
  return wordsBy(/^[ \t]*(?:\w+:[ \t]*)?\[/m.test(text) ? flow : shell, text)
}

/** Items of a YAML list that begin with a dash, and the plain one right behind such an item: its value. */
function wordsOfBlockList(text: string): string[] {
  let isValueNext = false
  return text.split('\n').flatMap((line) => {
    const [, item] = /^-\s+(.*)$/.exec(line.trim()) ?? []
    if (item === undefined) return []
    const word = plain(item)
    const isFlag = word.startsWith('-')
    const isWord = isFlag || (isValueNext && !/^\w+:(?:\s|$)/.test(item))
    isValueNext = isFlag && !word.includes('=')
    return isWord ? [word] : []
  })
}

/** A YAML scalar on one line. */
function plain(item: string): string {
  const [, double, single] = /^(?:"((?:[^"\\]|\\.)*)"|'([^']*)')/.exec(item) ?? []
  if (double !== undefined) return double.replace(/\\(.)/g, '$1')
  return single ?? item.replace(/\s#.*$/, '').trimEnd()
}

function wordsBy(token: RegExp, text: string): string[] {
  const words: string[] = []
  token.lastIndex = 0
  for (let found = token.exec(text); found !== null; found = token.exec(text)) {
    const [, word, stray] = found
    if (stray !== undefined) throw unclosed(text, found.index)
    if (word !== undefined) words.push(unquoted(word))
  }
  return words
}

function unquoted(word: string): string {
  return word.replace(/"((?:[^"\\]|\\[\s\S])*)"|'([^']*)'|\\(.)/g, (_, double, single, escaped) =>
    double === undefined ? (single ?? escaped) : double.replace(/\\(["\\$`/])/g, '$1'),
  )
}

function unclosed(text: string, offset: number): SyntaxProblem {
  const before = text.slice(0, offset).split('\n')
  return new SyntaxProblem(before.length, (before.at(-1) as string).length + 1, 'a quote is not closed')
}
