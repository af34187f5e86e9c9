const markup: unique symbol = Symbol('markup')

/** Text that is already HTML; made by `html` and `trusted` only. */
export type Html = Readonly<{ [markup]: string }>

/** What may stand in a template: text is escaped, HTML stays, lists are joined, `undefined` is nothing. */
export type Part = string | number | Html | readonly Part[] | undefined

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
}

// Control characters have no place in a page, and direction overrides let one text pose as another.
const unprintable = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069]/gu

/** A template tag: every value is escaped for element content and for quoted attributes, unless it is `Html` itself. */
export function html(strings: TemplateStringsArray, ...parts: readonly Part[]): Html {
  return trusted(String.raw({ raw: strings }, ...parts.map(render)))
}

/** Marks a constant of ours as HTML; never for anything that came from outside. */
export function trusted(text: string): Html {
  return Object.freeze({ [markup]: text })
}

/** The finished text. */
export function markupOf(value: Html): string {
  return value[markup]
}

function render(part: Part): string {
  if (part === undefined) return ''
  if (typeof part === 'number') return String(part)
  if (typeof part === 'string') return escapeText(part)
  return isList(part) ? part.map(render).join('') : markupOf(part)
}

function escapeText(text: string): string {
  return text
    .replace(unprintable, '\ufffd')
    .replace(/[&<>"'`]/g, (character) => entities[character] as string)
}

// Array.isArray alone does not narrow a readonly array.
function isList(part: Html | readonly Part[]): part is readonly Part[] {
  return Array.isArray(part)
}
