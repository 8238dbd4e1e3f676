import {
  AbortError,
  DisposedError,
  errorCodes,
  Im2colError,
  NativeError,
  type NativeErrorCode,
  WeightsError,
} from './errors.js'

/** Throws the public form of what the engine threw: AbortError, DisposedError, WeightsError or NativeError. */
export function rethrowPublic(error: unknown): never {
  if (error instanceof Im2colError || !(error instanceof Error)) throw error
  const code = (error as { readonly code?: unknown }).code
  if (typeof code !== 'string') throw error
  if (code === 'ERR_ABORTED') throw new AbortError(undefined, { cause: error })
  if (code === 'ERR_DISPOSED') throw new DisposedError('The session was disposed during the run', { cause: error })
  if (code === 'ERR_UNREADABLE') throw new WeightsError(`Cannot read ${error.message}`, { cause: error })
  const native = errorCodes.find((known) => known === code.replace('ERR_', 'ERR_NATIVE_')) as
    | NativeErrorCode
    | undefined
  if (native === undefined) throw error
  throw new NativeError(native, error.message, { cause: error })
}
