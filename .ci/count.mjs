// Prints "passed failed skipped" of a vitest JSON report. A run that produced no report, ran no test, or failed outside
// of a test counts as one failure more.
import { existsSync, readFileSync } from 'node:fs'

const [report, status] = process.argv.slice(2)
if (existsSync(report)) {
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(readFileSync(report, 'utf8'))
  const ranNothing = numPassedTests + numFailedTests === 0
  const failedOutside = status !== '0' && numFailedTests === 0
  const failed = numFailedTests + (ranNothing || failedOutside ? 1 : 0)
  console.log(numPassedTests, failed, numPendingTests + numTodoTests)
} else {
  console.log(0, 1, 0)
}
