// Says which tests coverage is measured for, which slows them by a third. Not those that drive whole gateways through what
// others reach line by line; two of the attack suite are the others.
const drivesGateways = /^build\/test\/(docs\/|attack\/(?!forward-auth|http2-resources))/

export default (file) => (drivesGateways.test(file) ? null : [])
