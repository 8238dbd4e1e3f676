// The parent's side of an engine that lives in a process of its own.
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { python } from './python.mjs'

const inEngines = (file) => fileURLToPath(new URL(`engines/${file}`, import.meta.url))

/** Program and arguments of each engine's process. */
const launch = (name) =>
  name === 'openvino'
    ? [python, [inEngines('openvino_engine.py')]]
    : [process.execPath, ['--expose-gc', inEngines('child.mjs'), name]]

/**
 * Starts an engine, which then waits for commands without using the CPU. `ask(command, args)` gives the command's
 * result, and rejects with the engine's error or when its process ends; `close()` ends it.
 */
export function startEngine(name) {
  const [program, args] = launch(name)
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  let complaints = ''
  child.stderr.on('data', (text) => {
    complaints = (complaints + text).slice(-2000)
  })
  child.stdin.on('error', () => {}) // the answer that does not come says it
  const ended = new Promise((resolve) => {
    child.on('error', resolve)
    child.on('close', resolve)
  })

  return {
    name,
    async ask(command, args = {}) {
      child.stdin.write(`${JSON.stringify({ command, ...args })}\n`)
      const { value, done } = await answers.next()
      if (done) throw new Error(`${name} ended (${await ended}) at '${command}': ${complaints.trim()}`)
      const { result, error } = JSON.parse(value)
      if (error) throw Object.assign(new Error(`${name}: ${error.message}`), { code: error.code })
      return result
    },
    async close() {
      child.stdin.end()
      await ended
    },
  }
}

/** Starts the named engines, gives them to `work`, and ends them whatever happens. */
export async function withEngines(names, work) {
  const engines = names.map(startEngine)
  try {
    return await work(engines)
  } finally {
    await Promise.all(engines.map((engine) => engine.close()))
  }
}
