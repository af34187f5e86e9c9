import type { Lasting } from '../lasting.ts'

/** What one process tells all others about sessions. */
export type News = Readonly<{
  /** A session is over; `until` is when it would have ended by itself, in epoch seconds. */
  ended: (id: string, until: number) => void
  /** A younger generation of a session exists. */
  renewed: (id: string, generation: number) => void
}>

/** The same memory, except that whatever it learns is told to the others too. */
export function withNews(lasting: Lasting, news: News): Lasting {
  const { memory } = lasting
  const { ended, generations } = memory
  return Object.freeze({
    ...lasting,
    memory: {
      ...memory,
      ended: {
        ...ended,
        end(id: string, until: number) {
          ended.end(id, until)
          news.ended(id, until)
        },
      },
      generations: {
        ...generations,
        note(session: { id: string; generation: number }) {
          const isNews = (generations.newest(session.id) ?? 0) < session.generation
          generations.note(session)
          if (isNews) news.renewed(session.id, session.generation)
        },
      },
    },
  })
}
