/** What is wrong with the text of an input, and where; lines and columns count from 1. Never holds a secret. */
export class SyntaxProblem extends Error {
  readonly line: number
  readonly column: number

  constructor(line: number, column: number, message: string) {
    super(message)
    this.name = 'SyntaxProblem'
    this.line = line
    this.column = column
  }
}
