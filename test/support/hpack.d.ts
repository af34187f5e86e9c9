/** The part of hpack.js that tests read answers with; it brings no types of its own. */
declare module 'hpack.js' {
  export type Field = Readonly<{ name: string; value: string }>

  export type Decompressor = {
    write(block: Uint8Array): boolean
    /** Calls back with an error where the block is malformed. */
    execute(): void
    /** The next field; null when there are no more. */
    read(): Field | null
  }

  const hpack: {
    decompressor: { create(options: { table: { maxSize: number } }): Decompressor }
  }
  export default hpack
}
