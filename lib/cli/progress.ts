import type { Io } from './io.js'

export interface Progress {
  /** `done` in 0..1. */
  update(done: number): void
  /** Takes the bar away, for a line of output or for good. */
  clear(): void
}

const BAR_WIDTH = 24
const REDRAW_MILLISECONDS = 50
const CLEAR_LINE = '\r\x1b[K'

/**
 * A bar on stderr for work that takes long; nothing unless stderr is a terminal. It is drawn for the first time after a
 * moment, so that short work shows none.
 */
export function createProgress({ stderr, env }: Io, label: string): Progress {
  if (stderr.isTTY !== true || env.TERM === 'dumb') return { update: () => {}, clear: () => {} }
  let drawnAt = performance.now()
  let drawn = false
  return {
    update(done) {
      const now = performance.now()
      if (now - drawnAt < REDRAW_MILLISECONDS) return
      drawnAt = now
      drawn = true
      const filled = Math.round(Math.min(1, done) * BAR_WIDTH)
      const bar = '#'.repeat(filled).padEnd(BAR_WIDTH, '.')
      const line = `${label} [${bar}] ${Math.round(done * 100)} %`
      stderr.write(`${CLEAR_LINE}${line.slice(0, (stderr.columns ?? 80) - 1)}`)
    },
    clear() {
      if (drawn) stderr.write(CLEAR_LINE)
      drawn = false
    },
  }
}
