import { Command, CommanderError } from 'commander'
import { addBench } from './bench.js'
import { addClassify, FailedPictures } from './classify.js'
import { addInfo } from './info.js'
import { type Io, printable } from './io.js'
import { addModels } from './models.js'
import { addProfile } from './profile.js'
import { addSummary } from './summary.js'

/** Runs a command line. Gives the exit code: 0, or 1 with one clear line on stderr for each thing that is wrong. */
export async function runCommandLine(args: readonly string[], io: Io, version: string): Promise<number> {
  const program = new Command('im2col')
    .description('Convolutional networks on the CPU')
    .version(version)
    .exitOverride()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
      outputError: (text, write) => write(`im2col: ${oneLine(text.replace(/^error: /, ''))}\n`),
    })
  for (const add of [addClassify, addSummary, addModels, addInfo, addBench, addProfile]) add(program, io)
  if (args.length === 0) {
    io.stderr.write('im2col: expected a command; see im2col --help\n')
    return 1
  }
  try {
    await program.parseAsync(args, { from: 'user' })
    return 0
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 1
    const lines =
      error instanceof FailedPictures ? error.lines : [error instanceof Error ? error.message : String(error)]
    for (const line of lines) io.stderr.write(`im2col: ${oneLine(line)}\n`)
    return 1
  }
}

const oneLine = (text: string): string => printable(text.trim().replace(/\s*\n\s*/g, ' '))
