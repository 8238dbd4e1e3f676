#!/usr/bin/env node
/** The command `im2col`. */

import { packageVersion } from '../engine.js'
import { runCommandLine } from './program.js'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // A reader that has seen enough, as in `im2col models | head`, is no failure.
  if (error.code === 'EPIPE') process.exit(0)
  process.stderr.write(`im2col: cannot write the output: ${error.message}\n`, () => process.exit(1))
})

// There is nowhere left to say it.
process.stderr.on('error', () => process.exit(1))

process.exitCode = await runCommandLine(process.argv.slice(2), process, packageVersion())
