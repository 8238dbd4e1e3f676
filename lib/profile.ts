/** What the steps of a run cost, and how near that is to what the machine can do. */

import { type NativeStep, machinePeaks as nativePeaks, type StepTimes } from './binding.js'

/** When a thread of the engine worked for a step. */
export interface ThreadTime {
  /** 0 is the thread that the run belongs to. */
  readonly thread: number
  /** Since the run began. */
  readonly startMilliseconds: number
  readonly milliseconds: number
}

/** One native step of a run and its cost. */
export interface StepProfile {
  /** Path of the layer. */
  readonly name: string
  readonly op: string
  /** How the engine computes it, such as `direct` or `im2col`; empty where there is but one way. */
  readonly algorithm: string
  /** Since the run began. */
  readonly startMilliseconds: number
  readonly milliseconds: number
  /** Operations of the textbook method per second; an algorithm that saves multiplications can lie above the machine's peak. */
  readonly gflopsPerSecond: number
  /** Inputs, weights and outputs, each counted once, per second. */
  readonly gigabytesPerSecond: number
  /** What would take longer at the machine's best: its multiply-adds, or to read those bytes from memory. */
  readonly boundBy: 'compute' | 'memory'
  /** Of that best; above 1 where multiplications are saved, or data comes from a cache. */
  readonly shareOfPeak: number
  /** Who worked on it. */
  readonly threads: readonly ThreadTime[]
}

/** What the session's threads do together at best. */
export interface MachinePeaks {
  readonly gflopsPerSecond: number
  readonly gigabytesPerSecond: number
}

const measured = new Map<number, Promise<MachinePeaks>>()

/** The peaks of so many threads, measured when they are first asked for. */
export function machinePeaks(threads: number): Promise<MachinePeaks> {
  const peaks = measured.get(threads) ?? nativePeaks(threads)
  measured.set(threads, peaks)
  return peaks
}

/** Puts together what a step is, when it ran, and what the machine can do. */
export function profileStep(step: NativeStep, times: StepTimes, peaks: MachinePeaks): StepProfile {
  const { name, op, algorithm, flops, bytes } = step
  const nanoseconds = Math.max(1, times.end - times.start)
  const compute = flops / peaks.gflopsPerSecond
  const memory = bytes / peaks.gigabytesPerSecond
  return {
    name,
    op,
    algorithm,
    startMilliseconds: times.start / 1e6,
    milliseconds: nanoseconds / 1e6,
    gflopsPerSecond: flops / nanoseconds,
    gigabytesPerSecond: bytes / nanoseconds,
    boundBy: compute > memory ? 'compute' : 'memory',
    shareOfPeak: Math.max(compute, memory) / nanoseconds,
    threads: times.threads.flatMap(({ start, end }, thread) =>
      end > 0 ? [{ thread, startMilliseconds: start / 1e6, milliseconds: (end - start) / 1e6 }] : [],
    ),
  }
}
