// Summaries of samples. Quantiles interpolate linearly between the two nearest samples.

export function quantile(samples, q) {
  if (samples.length === 0) throw new RangeError('A quantile needs at least one sample')
  const sorted = Float64Array.from(samples).sort()
  const at = q * (sorted.length - 1)
  const below = Math.floor(at)
  const above = Math.ceil(at)
  return sorted[below] + (at - below) * (sorted[above] - sorted[below])
}

export const median = (samples) => quantile(samples, 0.5)

/** Median with the 10th and 90th percentile. */
export const spread = (samples) => ({
  median: median(samples),
  p10: quantile(samples, 0.1),
  p90: quantile(samples, 0.9),
  samples: samples.length,
})

export function geometricMean(values) {
  if (values.length === 0) throw new RangeError('A geometric mean needs at least one value')
  return Math.exp(values.reduce((sum, value) => sum + Math.log(value), 0) / values.length)
}

/**
 * How many times slower each round of `theirs` was than the same round of `ours`, each round a list of samples. A round's
 * medians lie close in time, so whatever slows the machine for a while slows both.
 */
export function roundRatios(theirs, ours) {
  if (theirs.length !== ours.length) throw new RangeError(`Expected ${ours.length} rounds but got ${theirs.length}`)
  return theirs.map((round, i) => median(round) / median(ours[i]))
}

/** Root mean square of `actual - expected` over that of `expected`; NaN when the lengths differ. */
export function relativeRms(actual, expected) {
  if (actual.length !== expected.length) return Number.NaN
  let difference = 0
  let magnitude = 0
  for (let i = 0; i < expected.length; i++) {
    difference += (actual[i] - expected[i]) ** 2
    magnitude += expected[i] ** 2
  }
  return Math.sqrt(difference / magnitude)
}
