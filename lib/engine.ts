import { engineInfo as nativeEngineInfo } from './binding.js'
import { rethrowPublic } from './native-error.js'
import { nodeFs } from './node-modules.js'
import { packageRoot } from './package-files.js'

/** What the engine is and what it found on this machine. */
export interface EngineInfo {
  /** Of this package. */
  readonly version: string
  /** The instruction set in use: `avx512`, `avx2`, `neon` or `scalar`. The environment variable IM2COL_ISA forces one. */
  readonly isa: string
  /** float32 elements per vector of that instruction set. */
  readonly lanes: number
  /** Instruction sets that this machine can run, best first. */
  readonly runnableIsas: readonly string[]
  /**
   * Threads that a session uses by default: the CPUs of the process's affinity mask, at most its cgroup CPU quota, at least 1.
   * The environment variable IM2COL_THREADS overrides it.
   */
  readonly threads: number
  /** Native memory of all sessions of the process: activations with scratch, and packed weights. */
  readonly memory: { readonly arenaBytes: number; readonly weightBytes: number }
}

/**
 * Tells the version, the instruction set, the threads and the memory of the engine.
 *
 * Throws NativeError when the engine is missing (`ERR_NATIVE_MISSING`), or when IM2COL_ISA or IM2COL_THREADS asks for what it
 * cannot do; PackageError in a bundle.
 *
 * ```ts
 * import { engineInfo } from 'im2col'
 *
 * const { isa, threads } = engineInfo() // 'avx512', 8
 * ```
 */
export function engineInfo(): EngineInfo {
  try {
    return { version: packageVersion(), ...nativeEngineInfo() }
  } catch (error) {
    return rethrowPublic(error)
  }
}

/** The version in package.json. */
export function packageVersion(): string {
  const text = nodeFs().readFileSync(`${packageRoot()}package.json`, 'utf8')
  return (JSON.parse(text) as { readonly version: string }).version
}
