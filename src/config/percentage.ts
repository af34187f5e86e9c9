import { parsed } from './text.ts'

/** A part of the whole, written in percent, from 0 to 1; or `none`. */
export const percentageOrNone = parsed<number | 'none'>(
  'must be a whole percentage, like 90%, or none; from 1% to 100%',
  (text) => {
    if (text === 'none') return text
    const percent = Number(/^(\d{1,3})%$/.exec(text)?.[1])
    return percent >= 1 && percent <= 100 ? percent / 100 : undefined
  },
)
