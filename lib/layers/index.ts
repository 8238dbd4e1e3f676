/** All layers. */

export type { AnySym, Layer, Sym } from '../graph/trace.js'
export * from './activations.js'
export * from './adaptive-pool.js'
export * from './combine.js'
export * from './conv.js'
export * from './dense.js'
export * from './module.js'
export * from './norm.js'
export * from './pool.js'
export * from './reshape.js'
export * from './sequential.js'
export * from './slice.js'
