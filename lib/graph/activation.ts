/** Elementwise functions that the engine applies in a kernel's epilogue or as a step of their own. */
export type Activation =
  | { readonly kind: 'relu' }
  | { readonly kind: 'clamp'; readonly min: number; readonly max: number }
  | { readonly kind: 'leakyRelu'; readonly negativeSlope: number }
  | { readonly kind: 'elu'; readonly alpha: number }
  | { readonly kind: 'sigmoid' }
  | { readonly kind: 'tanh' }
