import { invalidOption, OptionError, shorten, WeightsError } from '../errors.js'
import { isUrl } from '../kinds.js'
import { nodeUrl } from '../node-modules.js'

/**
 * The path that is given as itself or as a `file:` URL; `what` is what messages call it. Throws OptionError for anything else, WeightsError for
 * a `file:` URL that names no file here.
 */
export function filePath(what: string, given: string | URL): string {
  if (typeof given === 'string') return given
  if (!isUrl(given)) throw invalidOption(what, 'a path or a file: URL', given)
  if (given.protocol !== 'file:') {
    throw new OptionError(`Expected ${what} to be a path or a file: URL but received ${shorten(given.href)}`, {
      expected: 'file:',
      actual: given.protocol,
    })
  }
  try {
    return nodeUrl().fileURLToPath(given.href)
  } catch (error) {
    throw new WeightsError(`Cannot use "${shorten(given.href)}": ${(error as Error).message}`, { cause: error })
  }
}
