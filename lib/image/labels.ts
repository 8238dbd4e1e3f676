import { OptionError } from '../errors.js'
import { nodeFsPromises } from '../node-modules.js'

/** The classes of the digit networks. */
export const digitLabels: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9']

/**
 * Reads class labels from a text file: one per line, the first for class 0; blank lines at the end do not count.
 *
 * Throws `OptionError` for a file that cannot be read or has no lines.
 *
 * ```ts
 * import { readLabels } from 'im2col'
 *
 * const labels = await readLabels('imagenet.txt')
 * ```
 */
export async function readLabels(path: string | URL): Promise<readonly string[]> {
  let text: string
  try {
    text = await nodeFsPromises().readFile(path, 'utf8')
  } catch (error) {
    throw new OptionError(`Cannot read the labels "${path}": ${(error as Error).message}`, { cause: error })
  }
  const lines = text
    .replace(/^\uFEFF/, '')
    .trimEnd()
    .split(/\r?\n/)
    .map((line) => line.trim())
  if (lines.length === 1 && lines[0] === '') throw new OptionError(`The labels "${path}" are empty`)
  return lines
}
