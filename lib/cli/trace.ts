import type { StepProfile } from '../session.js'

/** Rows of the picture: the steps one after another, and below them what each thread did for them. */
const STEPS_ROW = 0
const firstThreadRow = STEPS_ROW + 1

/**
 * A profile in Chrome's trace event format, for Perfetto (https://ui.perfetto.dev) or chrome://tracing: complete events, times in
 * microseconds.
 */
export function toChromeTrace(title: string, steps: readonly StepProfile[]) {
  const threads = Math.max(0, ...steps.flatMap((step) => step.threads.map(({ thread }) => thread + 1)))
  const named = (name: string, row: number, value: string) => ({
    name,
    ph: 'M',
    pid: 1,
    tid: row,
    args: { name: value },
  })
  const rows = Array.from({ length: threads }, (_, i) => named('thread_name', firstThreadRow + i, `thread ${i}`))
  return {
    displayTimeUnit: 'ms',
    traceEvents: [
      named('process_name', STEPS_ROW, title),
      named('thread_name', STEPS_ROW, 'steps'),
      ...rows,
      ...steps.flatMap(eventsOf),
    ],
  }
}

function eventsOf(step: StepProfile) {
  const { name, op, algorithm, gflopsPerSecond, gigabytesPerSecond, boundBy, shareOfPeak } = step
  const args = { op, algorithm, gflopsPerSecond, gigabytesPerSecond, boundBy, shareOfPeak }
  const event = (row: number, time: { readonly startMilliseconds: number; readonly milliseconds: number }) => ({
    name,
    cat: op,
    ph: 'X',
    pid: 1,
    tid: row,
    ts: time.startMilliseconds * 1000,
    dur: time.milliseconds * 1000,
    args,
  })
  return [event(STEPS_ROW, step), ...step.threads.map((time) => event(firstThreadRow + time.thread, time))]
}
