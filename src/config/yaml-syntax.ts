import { Composer, type CST, type Document, type ErrorCode, Lexer, Parser, type YAMLError } from 'yaml'

/** A fault of the text itself, at an offset into it. */
export type Fault = Readonly<{ offset: number; message: string }>

/** Deeper than any configuration, and far from where a recursive parser would run out of stack. */
const maxDepth = 64

/** The parser's own messages quote the text, which may be a secret, so every code has a message of ours. */
const messages: Record<ErrorCode, string> = {
  ALIAS_PROPS: 'an alias (*name) takes no tag or anchor',
  BAD_ALIAS: 'this anchor or alias has no usable name; write &name and *name',
  BAD_COLLECTION_TYPE: 'the tag does not fit this value; take the tag out',
  BAD_DIRECTIVE: 'lines that begin with % are YAML directives; take this one out',
  BAD_DQ_ESCAPE: 'unknown escape in double quotes; write \\\\ for a backslash, or use single quotes',
  BAD_INDENT: 'the indentation does not fit the lines above, or a closing ] or } is missing',
  BAD_PROP_ORDER: 'anchors and tags must come before the value',
  BAD_SCALAR_START: 'a value cannot begin with this character; put it in quotes',
  BLOCK_AS_IMPLICIT_KEY: 'a second "key: value" on one line; put the value in quotes or on lines of its own',
  BLOCK_IN_FLOW: 'indented lists and maps cannot stand inside [ ] or { }',
  DUPLICATE_KEY: 'this key is written twice in one map; keep one of them',
  IMPOSSIBLE: 'this is not YAML',
  KEY_OVER_1024_CHARS: 'a key of more than 1024 characters; is a quote missing?',
  MISSING_CHAR: 'a quote, comma, colon or closing bracket is missing here',
  MULTILINE_IMPLICIT_KEY: 'a key must be on one line; is a colon or a quote missing?',
  MULTIPLE_ANCHORS: 'only one anchor (&name) may stand here',
  MULTIPLE_DOCS: 'only one YAML document is read; take out the --- line and what follows',
  MULTIPLE_TAGS: 'only one tag may stand here; take the tags out',
  NON_STRING_KEY: 'a key must be plain text; if this is a value, put it in quotes',
  RESOURCE_EXHAUSTION: 'the file is too complicated to read',
  TAB_AS_INDENT: 'tabs cannot indent YAML; use spaces',
  TAG_RESOLVE_FAILED: 'tags (!name) are not supported; take the tag out, or put the value in quotes',
  UNEXPECTED_TOKEN: 'this is not expected here; is a quote, a comma or an indentation missing?',
}

/** Parses one YAML 1.2 document of the core schema, and lists every fault of its syntax. */
export function parseYaml(text: string): { document: Document.Parsed; faults: Fault[] } {
  const tokens = readTokens(text)
  if ('hazard' in tokens) return { document: compose([], 0)[0], faults: [tokens.hazard] }
  const [document, second] = compose(tokens.tokens, text.length)
  const more = second ? [fault(second.range[0], 'MULTIPLE_DOCS')] : []
  const faults = [...document.errors.map(faultOf), ...more, ...document.warnings.map(faultOf)]
  return { document, faults }
}

function faultOf({ pos, code }: YAMLError): Fault {
  return fault(pos[0], code)
}

function fault(offset: number, code: ErrorCode): Fault {
  return { offset, message: messages[code] }
}

/** Makes documents of tokens, which are always one at least; `end` is the length of the text. */
function compose(tokens: readonly CST.Token[], end: number): [Document.Parsed, ...Document.Parsed[]] {
  const composer = new Composer({
    merge: false,
    prettyErrors: false,
    resolveKnownTags: false,
    schema: 'core',
    stringKeys: true,
    uniqueKeys: false, // compares every pair of keys; yaml-value.ts finds twins in linear time
  })
  return [...composer.compose(tokens, true, end)] as [Document.Parsed]
}

/** Reads the tokens up to what must not be composed: control characters, and nesting that would exhaust the stack. */
function readTokens(text: string): { tokens: CST.Token[] } | { hazard: Fault } {
  const control = text.search(/(?![\t\n\r])\p{Cc}/u)
  if (control !== -1) return { hazard: { offset: control, message: 'control characters are not allowed' } }
  const parser = new Parser()
  const tokens: CST.Token[] = []
  for (const lexeme of new Lexer().lex(text)) {
    tokens.push(...parser.next(lexeme))
    if (parser.stack.length > maxDepth)
      return { hazard: { offset: parser.offset, message: 'lists and maps are nested too deeply' } }
  }
  tokens.push(...parser.end())
  return { tokens }
}
