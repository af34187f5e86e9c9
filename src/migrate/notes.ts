/** What somebody has to do about a note, or that it is nothing. */
type NoteKind = 'set' | 'decide' | 'changed' | 'lacking'

/** Something to tell about an option, or a variable. */
export type Note = Readonly<{ kind: NoteKind; about: string; text: string }>

/** Collects what has to be told. */
export type Notes = Readonly<{
  add: (kind: NoteKind, about: string, text: string) => void
  all: readonly Note[]
}>

/** Makes an empty collection; the same note twice is one. */
export function createNotes(): Notes {
  const all: Note[] = []
  return {
    all,
    add: (kind, about, text) => {
      const isKnown = all.some((note) => note.kind === kind && note.about === about && note.text === text)
      if (!isKnown) all.push({ kind, about, text })
    },
  }
}

/** A value of the input, fit to stand in a comment: in quotes, printable ASCII only, and not endless. */
export function quoted(value: string): string {
  const shown = value.length > 120 ? `${value.slice(0, 120)}...` : value
  return JSON.stringify(shown).replace(
    /[^ -~]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** Tells whether a value is one line without control characters. */
export function isLine(value: string): boolean {
  return /^\P{Cc}+$/u.test(value)
}
