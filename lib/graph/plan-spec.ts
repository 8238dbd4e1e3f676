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

/** Elements in an open file (`NativeFile` of the binding), which the engine reads when it packs them. */
export interface FileRange {
  readonly file: object
  readonly startByte: number
  /** Number of elements. */
  readonly size: number
}

/**
 * A tensor of weights; `key` names its packed form in the session, so that plans of several shapes share it. Only a parameter `weight`,
 * with a prefix or without, may lie in a file.
 */
export interface ParameterSpec {
  readonly key: string
  readonly data: Float32Array | FileRange
}

/** A list of more than 2^20 elements, as a table with entries for every cell of an axis may be, is a typed array. */
export type Attribute = number | string | readonly number[] | Int32Array | Float32Array

/**
 * One native step. Attributes by `op` (spatial lists have three entries d, h, w):
 *
 * - `input` / `output`: `index` into the user's buffers, `layout` 'nhwc' | 'nchw'
 * - `conv`: kernel, stride, dilation, padStart, groups, flip (0 | 1), algorithm: a ConvAlgorithm;
 *   parameters weight (O, I/groups, kd, kh, kw), bias? (O), center? (O, 2: its sum is subtracted from the weight's rows while packing),
 *   scale? (O: multiplies what that leaves);
 *   inputs [x] or [x, residual]; epilogue
 * - `scaledConv`: as `conv` but for algorithm, kernel 1 x 1, one group; inputs [x, scale] or [x, scale, residual], where scale has
 *   sizes 1, 1, 1 and the channels of x
 * - `normConv`: as `conv` but for algorithm, kernel 1 x 1, stride 1, one group; an epilogue with the prefix `norm.`; parameters
 *   norm.scale (C), norm.shift (C)
 * - `expandDepthwise`: size (d, h, w between the two), and the attributes (but for algorithm) and parameters of two convolutions
 *   with the prefixes `expand.` and `depthwise.`; inputs [x]
 * - `invertedResidual`: the same, channels (between the last two), and a third convolution with the prefix `project.`, kernel 1 x 1,
 *   stride 1, one group, no padding; inputs [x] or [x, residual]
 * - `convTranspose`: as `conv`, without flip (0); parameter weight (I, O/groups, kd, kh, kw); 'direct' and 'im2col' can always run it
 * - `deformConv`: as `conv` without an algorithm, and offsetGroups; inputs [x, offsets] or [x, offsets, mask]
 * - `locallyConnected`: kernel, stride, dilation, padStart; parameters weight (H', W', O, I, kh, kw), bias? (H', W', O)
 * - `involution`: kernel, stride, dilation, padStart, groups; inputs [x, kernels]
 * - `correlation`: patch, patchDilation, kernel, stride, padding, dilation, scale; inputs [a, b]
 * - `maxPool` / `avgPool`: kernel, stride, dilation, padStart, padEnd, countIncludePad (0 | 1; avgPool)
 * - `lpPool` / `mixedPool` / `stochasticPool` / `maxPoolIndices`: as `maxPool`, and p (lpPool), share of the maximum (mixedPool)
 * - `maxUnpool`: inputs [x, indices]
 * - `blurPool`: size, stride, padding
 * - `roiPool` / `roiAlign`: inputs [x, boxes]; spatialScale, and samplingRatio, aligned (0 | 1) (roiAlign)
 * - `adaptiveAvgPool` / `adaptiveMaxPool`: none, the output view says it
 * - `affine`: parameters scale (C), shift? (C); epilogue; inputs [x] or [x, residual]
 * - `localResponseNorm`: size, alpha, beta, k
 * - `activation`: epilogue
 * - `prelu`: parameter slope (C)
 * - `layerNorm`: eps; parameters weight (C), bias (C); over C
 * - `softmax` / `logSoftmax`: none, over C
 * - `add`: inputs [a, b]; epilogue
 * - `binary`: operator 'add' | 'subtract' | 'multiply' | 'divide' | 'maximum' | 'minimum' | 'pow'; inputs [a, b] or [a, b, residual]; a and b have sizes d, h, w, C of the output or 1, one of them its C; epilogue
 * - `matmul`: transposed (0 | 1); inputs [a, b] of rows on axis w, repeated along d and h where of size 1; activation
 * - `lstm`: reverse (0 | 1); parameters weight (4H, H), bias? (4H); inputs [gates, h0?, c0?]; the output has h and c
 * - `gru`: reverse (0 | 1); parameters weight (3H, H), bias? (3H); inputs [gates, h0?]
 * - `reduce`: operator 'mean' | 'sum' | 'prod' | 'max' | 'min' | 'l1' | 'l2', over the axes on which the output has size 1
 * - `groupNorm`: groups, eps; parameters weight? (C), bias? (C); epilogue; inputs [x] or [x, residual]
 * - `channelShuffle`: groups; one or more inputs of whole groups, whose channels follow one another
 * - `copy`: input and output of equal sizes, any strides (a concat that could not be placed)
 * - `flatten`: N, D, H, W, C to N, 1, 1, 1, C*D*H*W in the order C, D, H, W
 * - `rearrange`: sizes, inputAxes, inputSteps, outputAxes, outputSteps, each with an entry for every loop; axes are d, h, w, c = 0 .. 3
 * - `gather`: value; indicesD?, indicesH?, indicesW?, indicesC? (an entry for every output cell, -1 for `value`)
 * - `resample`: tapsD, tapsH, tapsW (0: the axis stays), and with them indicesD, weightsD, ... (taps entries for every output cell)
 * - `gridSample`: mode, padding, alignCorners (0 | 1); inputs [x, grid]
 * - `constant`: parameter `data` in N, D, H, W, C order with N = 1, repeated over the batch
 *
 * Epilogue attributes: `activation` ('none' | the kinds of Activation), `alpha` (min, negative slope, alpha, softplus's beta, or
 * the factor of 'linear'), `beta` (max, or the summand of 'linear').
 */
export interface StepSpec {
  readonly op: string
  /** The layer's path, for profiles and errors. */
  readonly name: string
  /** Indices into {@link PlanSpec.views}. */
  readonly inputs: readonly number[]
  readonly outputs: readonly number[]
  readonly attributes: Readonly<Record<string, Attribute>>
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
