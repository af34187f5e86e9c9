// Controls, invisible characters and spaces; slashes and backslashes by look or by a code page's best fit (¥, ₩).
// Joiners and variation selectors are left to `strayJoiner`: Persian words and emoji need them.
const neverLegal =
  /(?!\u200c|\u200d|\ufe0e|\ufe0f)[\p{Cc}\p{Cf}\p{Z}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}¥₩⁄∕∖╱╲⧵⧸⧹]/u
// Dropped or taken for a dot by some readers; harmless after another non-ASCII character, because then the
// segment is not a word of ASCII whatever becomes of this one.
const strayJoiner = /(?:^|[\p{ASCII}ßẞ])(?:\u200c|\u200d|\ufe0e|\ufe0f|\u3002|\uff61)/u
const ascii = /\p{ASCII}/u

/**
 * Tells whether decoded text contains a character that some reader turns into ASCII, drops, or takes for a separator:
 * by NFKC, by upper or lower case, by look, or by being invisible. The letter ß is judged as another reading instead.
 * @see Unicode Technical Report 36 section 2
 */
export function hasConfusable(text: string): boolean {
  if (strayJoiner.test(text)) return true
  const foreign = text.replace(/[\p{ASCII}ß]+/gu, '')
  if (neverLegal.test(foreign)) return true
  for (const char of foreign) if (foldsToAscii(char)) return true
  return false
}

function foldsToAscii(char: string): boolean {
  const lax = char.normalize('NFKC')
  return ascii.test(lax) || ascii.test(lax.toLowerCase()) || ascii.test(lax.toUpperCase())
}
