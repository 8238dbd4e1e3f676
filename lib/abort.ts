/** Signals that end what is under way. */

import { AbortError, invalidOption } from './errors.js'

/** Throws OptionError unless `signal` is an AbortSignal, of any realm or library, or undefined. */
export function checkSignal(owner: string, signal: unknown): void {
  if (signal !== undefined && !isAbortSignal(signal)) {
    throw invalidOption(`signal of ${owner}`, 'an AbortSignal', signal)
  }
}

/** Throws AbortError, with the signal's reason as its cause, when the signal has aborted. */
export function throwIfAborted(signal: AbortSignal | undefined, message?: string): void {
  if (signal?.aborted) throw new AbortError(message, { cause: signal.reason })
}

interface Listener {
  readonly cancels: Set<() => void>
  readonly abort: () => void
}

/** A signal has one listener for all that it ends: Node warns of many. */
const listeners = new WeakMap<AbortSignal, Listener>()

/** Calls `cancel` when the signal aborts, until the function that it returns is called. */
export function onAbort(signal: AbortSignal, cancel: () => void): () => void {
  const { cancels, abort } = listeners.get(signal) ?? listen(signal)
  cancels.add(cancel)
  return () => {
    if (!cancels.delete(cancel) || cancels.size > 0) return
    listeners.delete(signal)
    signal.removeEventListener('abort', abort)
  }
}

function listen(signal: AbortSignal): Listener {
  const cancels = new Set<() => void>()
  const abort = () => {
    for (const cancel of cancels) cancel()
  }
  const listener = { cancels, abort }
  signal.addEventListener('abort', abort)
  listeners.set(signal, listener)
  return listener
}

function isAbortSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false
  const { aborted, addEventListener, removeEventListener } = value as Partial<AbortSignal>
  return (
    typeof aborted === 'boolean' && typeof addEventListener === 'function' && typeof removeEventListener === 'function'
  )
}
