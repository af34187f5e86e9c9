// Says which tests coverage is measured for, which slows them by a third. Not those that drive whole gateways or processes
// through what others reach line by line; two of the attack suite are the others.
const unmeasured = [
  /^build\/test\/docs\//,
  /^build\/test\/attack\/(?!forward-auth|http2-resources)/,
  /^build\/test\/cli\/(reload|rolling|shipped)\./,
]

export default (file) => (unmeasured.some((pattern) => pattern.test(file)) ? null : [])
