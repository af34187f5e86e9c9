/** The metrics of one process as plain data, which can be sent to another. */
export type Snapshot = readonly object[]

/** What a scrape is answered with. */
export type Exposition = Readonly<{ contentType: string; text: () => Promise<string> }>
