// What must hold of the object files of the native code, read from their symbols and disassembly.
import { execFileSync } from 'node:child_process'

const run = (command, args) => execFileSync(command, args, { encoding: 'utf8', maxBuffer: 1 << 30 })

/** External symbols that an object file defines, demangled. */
export const exportedSymbols = (tools, object) =>
  run(tools.nm, ['--defined-only', '--extern-only', '--demangle', '--format=posix', object])
    .split('\n')
    .filter(Boolean)
    .map((line) => line.replace(/ [A-Za-z] [0-9a-f]+ [0-9a-f]*\s*$/, '').replace(/ [A-Za-z] [0-9a-f]+\s*$/, ''))

/** Functions of an object file: name and instructions as { address, text }. */
export const disassemble = (tools, object) => {
  const functions = []
  for (const line of run(tools.objdump, ['-d', '--no-show-raw-insn', '--demangle', object]).split('\n')) {
    const start = /^[0-9a-f]+ <(.*)>:$/.exec(line)
    if (start) functions.push({ name: start[1], instructions: [] })
    const instruction = /^\s+([0-9a-f]+):\s+(.*?)\s*$/.exec(line)
    if (instruction)
      functions.at(-1).instructions.push({ address: Number.parseInt(instruction[1], 16), text: instruction[2] })
  }
  return functions
}

/** Instructions that only CPUs with AVX have: their mnemonics begin with v. */
export const vexInstructions = (functions) =>
  functions.flatMap(({ instructions }) => instructions.filter(({ text }) => /^v[a-z]/.test(text)))

/** The innermost loops of a function, as lists of instructions. */
const innermostLoops = ({ instructions }) => {
  const loops = []
  for (const { address, text } of instructions) {
    const target = /^j[a-z]+\s+([0-9a-f]+) /.exec(text)
    const first = target && Number.parseInt(target[1], 16)
    if (target && first <= address && first >= instructions[0].address) loops.push([first, address])
  }
  return loops
    .filter(([from, to]) => !loops.some(([a, b]) => a >= from && b <= to && (a !== from || b !== to)))
    .map(([from, to]) => instructions.filter(({ address }) => address >= from && address <= to))
}

/** Vector registers that x86 multiply-add loops of the functions called `name` keep on the stack. */
export const spilledVectors = (functions, name) => {
  const loops = functions
    .filter((f) => f.name.includes(`${name}<`))
    .flatMap(innermostLoops)
    .filter((loop) => loop.some(({ text }) => /^vfn?madd/.test(text)))
  const spills = loops.flatMap((loop) => loop.filter(({ text }) => /%[xyz]mm/.test(text) && /\(%r[sb]p/.test(text)))
  return { loops: loops.length, spills }
}
