import { readFileSync } from 'node:fs'

/**
 * The rows of a tab-separated file under `test/data`, comments left out, escapes in the first column undone;
 * `{ab*3}` is `ababab`.
 */
export function corpus(name: string): string[][] {
  const file = new URL(`../../../test/data/${name}`, import.meta.url)
  return readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split('\t'))
    .map(([first = '', ...rest]) => [unescaped(first), ...rest])
}

function unescaped(text: string): string {
  if (text === '<EMPTY>') return ''
  const whole = text.replace(/\{([^{}*]+)\*(\d+)\}/g, (_, part: string, times) => part.repeat(Number(times)))
  return whole.replace(/\\(?:x([\da-f]{2})|u\{([\da-f]+)\}|(.))/gi, (_, byte, code, char: string) =>
    char === undefined ? String.fromCodePoint(Number.parseInt(byte ?? code, 16)) : (controls[char] ?? char),
  )
}

const controls: Record<string, string> = { t: '\t', n: '\n', r: '\r' }
