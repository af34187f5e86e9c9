import t from 'tap'
import { otherReadings } from '../../src/core/path-readings.ts'

// One path of 8,000 characters held up the process for 20 to 140 ms. Here are so many blanks that a search which begins
// anew at every one of them does not end within any test's time.
const blanks = '%20'.repeat(300_000)

t.test('blanks inside a path do not hold up the process', async (t) => {
  t.strictSame(otherReadings(`/x${blanks}x`), [])
  t.strictSame(otherReadings(`/x${blanks}x;y${blanks}`), [`/x${blanks}x`, `/x${blanks}x;y`])
})
