/** What crosses the boundary to the engine: plain data, one to one with native/program/plan_spec.h. Counts are in elements (float32). */

/** Where a value lies in the arena. */
export interface ViewSpec {
  /** Position of element (0,0,0,0,0) of the interior. */
  readonly offset: number
  /** N, D, H, W, C */
  readonly shape: readonly [number, number, number, number, number]
  /** Of n, d, h, w; channels are contiguous. */
  readonly strides: readonly [number, number, number, number]
  /** Zero cells around the interior: d before, d after, h before, h after, w before, w after. */
  readonly halo: readonly [number, number, number, number, number, number]
}

/** A tensor of weights; `key` names its packed form in the session, so that plans of several shapes share it. */
export interface ParameterSpec {
  readonly key: string
  readonly data: Float32Array
}

/**
 * One native step. Attributes by `op` (spatial lists have three entries d, h, w):
 *
 * - `input` / `output`: `index` into the user's buffers, `layout` 'nhwc' | 'nchw'
 * - `conv`: kernel, stride, dilation, padStart, groups, flip (0 | 1), algorithm 'auto' | 'direct' | 'im2col' | 'depthwise' | 'winograd2' | 'winograd4';
 *   parameters weight (O, I/groups, kd, kh, kw), bias? (O), scale? (O: multiplies the weight's rows while packing);
 *   inputs [x] or [x, residual]; epilogue
 * - `maxPool` / `avgPool`: kernel, stride, dilation, padStart, padEnd, countIncludePad (0 | 1; avgPool)
 * - `adaptiveAvgPool` / `adaptiveMaxPool`: none, the output view says it
 * - `affine`: parameters scale (C), shift? (C); epilogue; inputs [x] or [x, residual]
 * - `localResponseNorm`: size, alpha, beta, k
 * - `activation`: epilogue
 * - `prelu`: parameter slope (C)
 * - `layerNorm`: eps; parameters weight (C), bias (C); over C
 * - `softmax` / `logSoftmax`: none, over C
 * - `add`: inputs [a, b]; epilogue
 * - `multiply`: inputs [a, b] or [a, b, residual]; a and b have sizes d, h, w, C of the output or 1, one of them its C; epilogue
 * - `channelShuffle`: groups
 * - `copy`: input and output of equal sizes, any strides (a concat that could not be placed)
 * - `flatten`: N, D, H, W, C to N, 1, 1, 1, C*D*H*W in the order C, D, H, W
 * - `constant`: parameter `data` in N, D, H, W, C order with N = 1, repeated over the batch
 *
 * Epilogue attributes: `activation` ('none' | the kinds of Activation), `alpha` (min, negative slope, alpha, or softplus's beta),
 * `beta` (max).
 */
export interface StepSpec {
  readonly op: string
  /** The layer's path, for profiles and errors. */
  readonly name: string
  /** Indices into {@link PlanSpec.views}. */
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly attributes: Readonly<Record<string, number | string | readonly number[]>>
  readonly parameters: Readonly<Record<string, ParameterSpec>>
}

export interface PlanSpec {
  /** Length of the arena. Offsets are chosen so that any 64-byte aligned arena keeps buffers 64-byte aligned. */
  readonly arenaSize: number
  readonly views: readonly ViewSpec[]
  readonly steps: readonly StepSpec[]
  /** Number of elements of each user buffer, by `index`. */
  readonly inputSizes: readonly number[]
  readonly outputSizes: readonly number[]
}
