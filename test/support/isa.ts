/** Choosing the instruction set: the engine looks at IM2COL_ISA once, so each test file, being a process, has its own. */

export const ISAS = ['scalar', 'avx2', 'avx512', 'neon'] as const

export type Isa = (typeof ISAS)[number]

/** Makes this process use an ISA; false when the machine does not have it. Must run before anything uses the engine. */
export async function forceIsa(isa: Isa): Promise<boolean> {
  process.env.IM2COL_ISA = isa
  const { engineInfo } = await import('../../lib/engine.js')
  try {
    engineInfo()
    return true
  } catch (error) {
    if ((error as { readonly code?: unknown }).code?.toString().includes('UNSUPPORTED')) return false
    throw error
  }
}
