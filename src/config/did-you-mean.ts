/** Suggests the known word closest to what was written: `; did you mean "scopes"?`, or nothing when none is close. */
export function didYouMean(written: string, known: readonly string[]): string {
  const limit = Math.max(1, Math.floor(written.length / 3))
  const near = known
    .map((word) => ({ word, distance: editDistance(written.toLowerCase(), word) }))
    .filter(({ distance }) => distance <= limit)
    .sort((a, b) => a.distance - b.distance)[0]
  return near ? `; did you mean "${near.word}"?` : ''
}

/** Counts the insertions, deletions, substitutions and swaps of neighbours that turn `a` into `b`. */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (let row = 1; row <= a.length; row++) {
    const current = [row]
    for (let column = 1; column <= b.length; column++) {
      const substitution = at(last, column - 1) + (a[row - 1] === b[column - 1] ? 0 : 1)
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1]
      const swap = isSwap ? at(beforeLast, column - 2) + 1 : substitution
      current.push(Math.min(at(last, column) + 1, at(current, column - 1) + 1, substitution, swap))
    }
    beforeLast = last
    last = current
  }
  return at(last, b.length)
}

function at(row: number[], column: number): number {
  return row[column] as number
}
