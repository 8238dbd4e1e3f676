#!/usr/bin/env node
/** The command `im2col`. */

import { packageVersion } from '../engine.js'
import { runCommandLine } from './program.js'

// A reader that has seen enough, as in `im2col models | head`, is no failure.
process.stdout.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? 0 : 1))

process.exitCode = await runCommandLine(process.argv.slice(2), process, packageVersion())
