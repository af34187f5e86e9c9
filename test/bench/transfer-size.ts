/** How much the streaming experiments move in one transfer, in bytes. */
export const transferBytes = 100 * 1024 * 1024
