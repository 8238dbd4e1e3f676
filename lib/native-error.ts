import { AbortError, DisposedError, Im2colError, NativeError, WeightsError } from './errors.js'

/** Throws the public form of what the engine threw: AbortError, DisposedError, WeightsError or NativeError. */
export function rethrowPublic(error: unknown): never {
  if (error instanceof Im2colError || !(error instanceof Error)) throw error
  const code = (error as { readonly code?: unknown }).code
  if (typeof code !== 'string') throw error
  if (code === 'ERR_ABORTED') throw new AbortError(undefined, { cause: error })
  if (code === 'ERR_DISPOSED') throw new DisposedError('The session was disposed during the run', { cause: error })
  if (code === 'ERR_UNREADABLE') throw new WeightsError(`Cannot read ${error.message}`, { cause: error })
  throw new NativeError(code.replace('ERR_', 'ERR_NATIVE_') as `ERR_NATIVE_${string}`, error.message, { cause: error })
}
