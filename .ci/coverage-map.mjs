// Says which tests coverage is measured for, which slows them by a third. Not those that drive whole gateways through what
// other tests reach line by line.
const drivesGateways = /^build\/test\/(attack|docs|regression)\//

export default (file) => (drivesGateways.test(file) ? null : [])
