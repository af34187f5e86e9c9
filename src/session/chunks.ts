/** What the chunks of one cookie may say when put together; only the seal tells whether it is true. */
export type Candidate = Readonly<{ generation: number; sealed: string }>

/** The highest number of chunks, so that the count is one digit and the header's length is known beforehand. */
const maxChunkCount = 9

/** How many combinations of duplicated cookies are tried: two copies of each of five chunks. */
const maxCandidates = 32

/** The name of the cookie that carries a chunk: `name`, `name.1`, `name.2` and so on. */
export function chunkName(name: string, index: number): string {
  return index === 0 ? name : `${name}.${index}`
}

/**
 * Splits a sealed text into values of at most `room` characters; the first begins with generation and count.
 * @param room Must hold the header, `<generation>.<count>.`.
 * @param maxChunks At most `maxChunkCount`.
 * @returns undefined when more than `maxChunks` would be needed.
 */
export function splitIntoChunks(
  sealed: string,
  generation: number,
  room: number,
  maxChunks: number,
): string[] | undefined {
  const headerLength = `${generation}.1.`.length
  const count = Math.ceil((headerLength + sealed.length) / room)
  if (count > maxChunks) return undefined
  const text = `${generation}.${count}.${sealed}`
  return Array.from({ length: count }, (_, index) => text.slice(index * room, (index + 1) * room))
}

/**
 * Groups the values of session cookies by chunk index; more than one where a name came twice.
 * @param suffixes What follows `name` in each cookie's name: empty, or `.1`, `.2` and so on.
 * @returns undefined when an index is spelled in a way we never write (`.00`, `.1e1`, `.-1`, `.10000`).
 */
export function groupChunks(
  cookies: readonly Readonly<{ suffix: string; value: string }>[],
): string[][] | undefined {
  const groups: string[][] = Array.from({ length: maxChunkCount }, () => [])
  for (const { suffix, value } of cookies) {
    const index = suffix === '' ? 0 : /^\.[1-8]$/.test(suffix) ? Number(suffix.slice(1)) : -1
    const group = groups[index]
    if (group === undefined) return undefined
    group.push(value)
  }
  return groups.slice(0, groups.findLastIndex((group) => group.length > 0) + 1)
}

/** Puts chunks together in every way their duplicates allow, up to a limit; nothing when one is missing or one too many. */
export function joinChunks(groups: readonly (readonly string[])[]): Candidate[] {
  const combinations = groups.reduce((product, group) => product * group.length, 1)
  const candidates: Candidate[] = []
  for (let number = 0; number < Math.min(combinations, maxCandidates); number++) {
    const candidate = parse(combination(groups, number), groups.length)
    if (candidate !== undefined) candidates.push(candidate)
  }
  return candidates
}

/** Reads `number` as digits of mixed radix, one digit a chunk: which of its duplicates to take. */
function combination(groups: readonly (readonly string[])[], number: number): string {
  let rest = number
  let text = ''
  for (const group of groups) {
    text += group[rest % group.length]
    rest = Math.floor(rest / group.length)
  }
  return text
}

function parse(text: string, count: number): Candidate | undefined {
  const header = /^(0|[1-9]\d{0,8})\.([1-9])\./.exec(text)
  if (header === null || Number(header[2]) !== count) return undefined
  return { generation: Number(header[1]), sealed: text.slice(header[0].length) }
}
