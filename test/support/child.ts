/** Child processes that use the addon without the library around it. */

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What a script of a child starts with: `native`, the addon's own functions, and `build(plan, options)`, a program. */
const PRELUDE = `
  const native = require('node-gyp-build')(${JSON.stringify(root)})
  const build = (plan, options = {}) =>
    native.buildProgramSync(native.readPlan(native.createWeightStore(), plan, { maxConcurrency: 4, ...options }))
`

export interface ChildOutcome {
  readonly code: number | null
  readonly signal: string | null
  readonly stdout: string
  readonly stderr: string
}

export interface ChildOptions {
  readonly env?: Readonly<Record<string, string>>
  readonly nodeArguments?: readonly string[]
  /** A program that starts node, with its arguments. */
  readonly launcher?: readonly string[]
  /** False: the script starts without the prelude, and has its text as `PRELUDE` only. */
  readonly loadsAddon?: boolean
}

/** Runs a CommonJS script, with `data` under that name. */
export function runChild(
  script: string,
  data: unknown = null,
  { env = {}, nodeArguments = [], launcher = [], loadsAddon = true }: ChildOptions = {},
): Promise<ChildOutcome> {
  const constants = `const data = ${JSON.stringify(data)}\nconst PRELUDE = ${JSON.stringify(PRELUDE)}`
  const source = `${constants}\n${loadsAddon ? PRELUDE : ''}\n${script}`
  const [program = '', ...args] = [...launcher, process.execPath, ...nodeArguments, '-e', source]
  const child = spawn(program, args, { cwd: root, env: { ...process.env, ...env } })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk) => {
    stdout += chunk
  })
  child.stderr.on('data', (chunk) => {
    stderr += chunk
  })
  return new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('close', (code, signal) => resolve({ code, signal, stdout, stderr }))
  })
}

/** The same for a script that must end well; gives what it prints as JSON. */
export async function runChildJson<T>(script: string, data?: unknown, options?: ChildOptions): Promise<T> {
  const { code, signal, stdout, stderr } = await runChild(script, data, options)
  if (code !== 0 || stderr !== '') throw new Error(`The child ended with ${signal ?? code}: ${stderr}`)
  return JSON.parse(stdout) as T
}
