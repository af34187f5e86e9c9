/** What every mark of ours begins with. Marks are short and plain, so that no filter for long random texts can hide one. */
const stem = 'CanaryPx'

/** A text that must not turn up where it does not belong; `n` tells several of a kind apart. */
export function mark(kind: string, n = 0): string {
  return `${stem}${kind}7Q${n}`
}

/** Finds secrets in a text: anything marked, and each of the values, in every spelling. */
export function findLeaks(text: string, values: Iterable<string> = []): string[] {
  const marked = text.match(markPattern) ?? []
  const found = [...values].filter((value) => spellingsOf(value).some((spelling) => text.includes(spelling)))
  return [...new Set([...marked, ...found])]
}

// The stem as it is, in any case, as hexadecimal, and inside base64 at each of the three offsets.
const markPattern = new RegExp(
  [stem, Buffer.from(stem).toString('hex'), ...inBase64(stem)]
    .map((text) => `.{0,8}(?:${text}).{0,24}`)
    .join('|'),
  'gi',
)

/** What a value may look like: plain, percent-encoded, in base64, and its two ends alone. */
function spellingsOf(value: string): string[] {
  const ends = value.length < 32 ? [] : [value.slice(0, 16), value.slice(-16)]
  return [value, encodeURIComponent(value), JSON.stringify(value).slice(1, -1), ...inBase64(value), ...ends]
}

/** The part of the base64 that does not depend on what surrounds the text, for each offset it may have. */
function inBase64(text: string): string[] {
  return [0, 1, 2].map((offset) => {
    const encoded = Buffer.from(' '.repeat(offset) + text).toString('base64url')
    const first = Math.ceil((offset * 8) / 6)
    return encoded.slice(first, Math.floor(((offset + text.length) * 8) / 6))
  })
}
