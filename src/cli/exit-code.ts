/** EX_CONFIG of sysexits.h: something was found wrong with the configuration. */
export const badConfiguration = 78
