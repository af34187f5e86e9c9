/**
 * Finds the end of each answer in the bytes of one connection. Knows answers with a Content-Length only, which is all the
 * bench's upstream sends.
 * @returns what to call with every piece of data.
 */
export function createAnswerCounter(done: () => void, fail: (error: Error) => void): (data: Buffer) => void {
  let head = ''
  let bodyLeft = 0

  return (data) => {
    if (bodyLeft > 0) return takeBody(data.length)
    head += data.toString('latin1')
    const end = head.indexOf('\r\n\r\n')
    if (end === -1) return
    const bodyHere = head.length - end - 4
    const problem = problemOf(head)
    bodyLeft = contentLength(head.slice(0, end + 2))
    head = ''
    if (problem !== undefined) return fail(new Error(problem))
    takeBody(bodyHere)
  }

  function takeBody(length: number): void {
    bodyLeft -= length
    if (bodyLeft === 0) done()
  }
}

function problemOf(head: string): string | undefined {
  if (head.startsWith('HTTP/1.1 200')) return undefined
  return `expected 200, got: ${head.slice(0, head.indexOf('\r\n'))}`
}

function contentLength(head: string): number {
  return Number(/\r\ncontent-length: *(\d+)\r\n/i.exec(head)?.[1])
}
