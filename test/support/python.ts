/** A Python that serves as oracle: IM2COL_PYTHON, by default `python3`. */

import { execFileSync } from 'node:child_process'

/** The interpreter if it can import all `modules`; otherwise says so and returns undefined, and the tests are skipped. */
export function findPython(...modules: readonly string[]): string | undefined {
  const python = process.env.IM2COL_PYTHON ?? 'python3'
  try {
    execFileSync(python, ['-c', `import ${modules.join(', ')}`], { stdio: 'ignore' })
    return python
  } catch {
    console.warn(`SKIPPED: ${python} cannot import ${modules.join(', ')} (set IM2COL_PYTHON to one that can)`)
    return undefined
  }
}
