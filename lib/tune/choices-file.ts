/** Timed choices kept in a file, for several machines and settings side by side. */

import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { dirname } from 'node:path'
import { OptionError } from '../errors.js'

/** What the clock said of one shape. */
export interface TimedChoice {
  readonly algorithm: string
  /** What the engine takes without the clock. */
  readonly untimed: string
  /** The fastest run of each candidate; all of them are known. */
  readonly microseconds: Readonly<Record<string, number>>
}

/** By shape, see step-shape.ts. */
export type TimedChoices = ReadonlyMap<string, TimedChoice>

type Machines = Record<string, Record<string, unknown>>

const FORMAT = 'im2col tuning 1'

/** How a file begins that this package wrote, even if the rest of it is lost. */
const OWN_FILE = /^\s*\{\s*"format":\s*"im2col tuning /

/**
 * The choices for `machine`. None when there is no file, or when it is damaged.
 *
 * Throws OptionError when the file cannot be read or holds something else.
 */
export async function readChoices(path: string, machine: string): Promise<TimedChoices> {
  const entries = Object.entries((await readMachines(path))[machine] ?? {})
  return new Map(entries.filter((entry): entry is [string, TimedChoice] => isTimedChoice(entry[1])))
}

/**
 * Adds choices to the file, which readers find complete at any time; choices that others have written meanwhile stay.
 *
 * Throws OptionError when the file cannot be written.
 */
export async function addChoices(path: string, machine: string, choices: TimedChoices): Promise<void> {
  const machines = await readMachines(path)
  const merged = { ...machines, [machine]: { ...machines[machine], ...Object.fromEntries(choices) } }
  const temporary = `${path}.${process.pid}.${Math.random().toString(36).slice(2)}.tmp`
  try {
    await mkdir(dirname(path), { recursive: true })
    await writeFile(temporary, `${JSON.stringify({ format: FORMAT, machines: merged }, null, 1)}\n`)
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    throw unusable(path, 'a file that can be written', cause)
  }
}

async function readMachines(path: string): Promise<Machines> {
  let text: string
  try {
    text = await readFile(path, 'utf8')
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return {}
    throw unusable(path, 'a file that can be read', cause)
  }
  if (text.trim() === '') return {}
  if (!OWN_FILE.test(text)) throw unusable(path, 'a file of timed choices, or none yet')
  try {
    const { format, machines } = JSON.parse(text) as { readonly format: unknown; readonly machines: unknown }
    return format === FORMAT && isRecord(machines) ? onlyRecords(machines) : {}
  } catch {
    return {}
  }
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const onlyRecords = (values: Record<string, unknown>): Machines =>
  Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, Record<string, unknown>] => isRecord(entry[1])),
  )

function isTimedChoice(value: unknown): value is TimedChoice {
  if (!isRecord(value) || !isRecord(value.microseconds)) return false
  const times = Object.entries(value.microseconds)
  const names = times.map(([name]) => name)
  return (
    times.every(([, time]) => typeof time === 'number') &&
    names.includes(value.algorithm as string) &&
    names.includes(value.untimed as string)
  )
}

function unusable(path: string, expected: string, cause?: unknown): OptionError {
  const reason = cause instanceof Error ? ` (${cause.message})` : ''
  return new OptionError(`Expected tune.cache to name ${expected} but received ${JSON.stringify(path)}${reason}`, {
    expected,
    actual: path,
    cause,
  })
}
