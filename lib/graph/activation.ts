/** Elementwise functions that the engine applies in a kernel's epilogue or as a step of their own. */
export type Activation =
  | { readonly kind: 'relu' }
  | { readonly kind: 'clamp'; readonly min: number; readonly max: number }
  | { readonly kind: 'leakyRelu'; readonly negativeSlope: number }
  | { readonly kind: 'elu'; readonly alpha: number }
  | { readonly kind: 'selu' }
  | { readonly kind: 'celu'; readonly alpha: number }
  | { readonly kind: 'sigmoid' }
  | { readonly kind: 'hardSigmoid' }
  | { readonly kind: 'tanh' }
  | { readonly kind: 'silu' }
  | { readonly kind: 'hardSwish' }
  | { readonly kind: 'gelu' }
  | { readonly kind: 'geluTanh' }
  | { readonly kind: 'mish' }
  | { readonly kind: 'softplus'; readonly beta: number }
  | { readonly kind: 'softsign' }
  | { readonly kind: 'abs' }
  | { readonly kind: 'exp' }
  | { readonly kind: 'sqrt' }
  | { readonly kind: 'linear'; readonly scale: number; readonly shift: number }
