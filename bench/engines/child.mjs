// Runs one engine in a process of its own: node engines/child.mjs MODULE. Each line of standard input is a command,
// {"command": NAME, ...arguments}; each line of standard output answers one, {"result": ...} or {"error": {...}}.
import { createInterface } from 'node:readline'

console.log = console.error // standard output carries answers only

const { commands } = await import(`./${process.argv[2]}.mjs`)

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await answer(JSON.parse(line)))}\n`)
}
process.exit() // an engine may keep the loop alive

async function answer({ command, ...args }) {
  try {
    return { result: (await commands[command](args)) ?? null }
  } catch (error) {
    return { error: { message: String(error?.message ?? error), code: error?.code } }
  }
}
