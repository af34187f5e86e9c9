/** EX_CONFIG of sysexits.h: something was found wrong with the configuration. */
export const badConfiguration = 78

/** What was asked about may not pass: neither an error nor a mistake in how it was asked. */
export const notAllowed = 3
