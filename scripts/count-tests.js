// Adds up vitest's JSON reports and prints "N passed, N failed, N skipped"; fails when anything did.
// The first argument counts failed steps that no report tells of (lint, types); a report that is
// missing counts as a failure too.
import { existsSync, readFileSync } from 'node:fs'

const [failedSteps, ...reports] = process.argv.slice(2)
let passed = 0
let failed = 0
let skipped = 0
for (const path of reports) {
  if (!existsSync(path)) {
    process.stderr.write(`no test report: ${path}\n`)
    failed++
    continue
  }
  const report = JSON.parse(readFileSync(path, 'utf8'))
  passed += report.numPassedTests
  failed += report.numFailedTests
  skipped += report.numPendingTests + report.numTodoTests
  // A file that cannot be loaded has no tests to fail.
  if (!report.success && report.numFailedTests === 0) failed += report.numFailedTestSuites || 1
}
// A failed test run is also a failed step.
if (failed === 0) failed += Number(failedSteps)
if (passed === 0) failed = Math.max(failed, 1)
process.stdout.write(`${passed} passed, ${failed} failed, ${skipped} skipped\n`)
process.exitCode = failed > 0 ? 1 : 0
