import { availableParallelism, cpus } from 'node:os'
import type { Command } from 'commander'
import { engineInfo } from '../engine.js'
import { type Io, mebibytes, toJson } from './io.js'

export function addInfo(program: Command, io: Io): void {
  program
    .command('info')
    .description('tell version, instruction set, threads and memory')
    .option('--json', 'print JSON')
    .action(({ json }: { readonly json?: boolean }) => {
      const facts = gather()
      io.stdout.write(json ? toJson(facts) : describe(facts))
    })
}

function gather() {
  return {
    ...engineInfo(),
    node: process.version,
    platform: `${process.platform}-${process.arch}`,
    cpu: cpus()[0]?.model.trim() ?? 'unknown',
    cpus: availableParallelism(),
    residentBytes: process.memoryUsage.rss(),
  }
}

function describe(facts: ReturnType<typeof gather>): string {
  const lines = {
    version: facts.version,
    isa: `${facts.isa} (${facts.lanes} floats per vector; this machine runs ${facts.runnableIsas.join(', ')})`,
    threads: `${facts.threads} of ${facts.cpus} CPUs`,
    memory: `${mebibytes(facts.residentBytes)} resident, ${mebibytes(facts.memory.arenaBytes)} activations, ${mebibytes(facts.memory.weightBytes)} weights`,
    cpu: facts.cpu,
    node: `${facts.node} on ${facts.platform}`,
  }
  return Object.entries(lines)
    .map(([name, value]) => `${name.padEnd(8)} ${value}\n`)
    .join('')
}
