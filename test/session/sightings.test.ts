import t from 'tap'
import { createSightings } from '../../src/session/sightings.ts'
import { sampleSession, start } from './samples.ts'

t.test('a session was last seen when it says so itself, or later', async (t) => {
  const sightings = createSightings(2)
  const session = sampleSession({ lastSeenAt: start })
  t.equal(sightings.lastSeenAt(session), start)
  sightings.note(session, start + 50)
  t.equal(sightings.lastSeenAt(session), start + 50)
  t.equal(sightings.lastSeenAt({ ...session, lastSeenAt: start + 60 }), start + 60)
  t.equal(sightings.lastSeenAt({ ...session, id: 'other' }), start)
})

t.test('the memory is bounded', async (t) => {
  const sightings = createSightings(2)
  const sessions = ['a', 'b', 'c'].map((id) => sampleSession({ id }))
  for (const session of sessions) sightings.note(session, start + 9)
  t.strictSame(sessions.map(sightings.lastSeenAt), [start, start + 9, start + 9])
})
