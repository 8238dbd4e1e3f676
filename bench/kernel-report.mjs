// Tables of bench/kernels.mjs.
import { isDoubtful, slowdown } from './kernel-choices.mjs'
import { percent, plural, significant, textTable } from './table.mjs'

/**
 * Adds to each convolution the algorithm that is looked at, the wanted one where it can run, and what follows from it. Throws an error
 * when it can run none of them.
 */
export function judge(convolutions, peakGflops, wanted) {
  const candidates = new Set(convolutions.flatMap(({ microseconds }) => Object.keys(microseconds)))
  if (wanted !== undefined && !candidates.has(wanted)) {
    throw new Error(`expected --algorithm to be one of ${[...candidates].join(', ')} but received '${wanted}'`)
  }
  return convolutions.map((convolution) => {
    const { untimed, microseconds, flops } = convolution
    const algorithm = wanted !== undefined && wanted in microseconds ? wanted : untimed
    const gflops = flops / microseconds[algorithm] / 1000
    return {
      ...convolution,
      algorithm,
      gflops,
      share: gflops / peakGflops,
      slowdown: slowdown(algorithm, microseconds),
      doubtful: isDoubtful(algorithm, microseconds),
    }
  })
}

/** Less than this share of what bounds an operator wants a reason. */
const LOW_SHARE = 0.4

/** Adds to each operator what bounds it (its multiply-adds or its bytes, whichever take longer at the machine's best) and its share of it. */
export function judgeOperators(operators, peakGflops, peakGigabytes) {
  return operators.map(({ reason, ...operator }) => {
    const [compute, memory] = [operator.gigaflops / peakGflops, operator.gigabytes / peakGigabytes]
    const share = (1e6 * Math.max(compute, memory)) / operator.microseconds
    return {
      ...operator,
      boundBy: compute > memory ? 'compute' : 'memory',
      share,
      ...(share < LOW_SHARE && { reason: reason ?? 'no reason known' }),
    }
  })
}

export function kernelReport({ isa, threads, peakGflops, peakGigabytes, convolutions, fusedSteps, operators }) {
  const doubtful = convolutions.filter((convolution) => convolution.doubtful)
  const fusedRows = fusedSteps.map(({ model, name, together, separate }) => [
    name,
    model,
    significant(together),
    significant(separate),
    significant(separate / together),
  ])
  const operatorRows = operators.map(({ name, algorithm, microseconds, boundBy, share, reason = '' }) => [
    name,
    algorithm,
    significant(microseconds),
    boundBy,
    percent(share),
    reason,
  ])
  const section = (rows, head, ...more) => (rows.length === 0 ? [] : ['', textTable(head, rows), ...more])
  return [
    `${isa}, ${plural(threads, 'thread')}, peak ${significant(peakGflops)} GFLOP/s, memory ${significant(peakGigabytes)} GB/s; times in microseconds`,
    ...section(
      convolutions.map(convolutionRow),
      ['convolution', 'first in', 'algorithm', 'time', 'GFLOP/s', 'of peak', 'other candidates', 'to best'],
      `\n${doubtful.length} of ${plural(convolutions.length, 'choice')} more than 10 % slower than the best candidate`,
    ),
    ...section(fusedRows, ['computed together', 'network', 'together', 'separate', 'ratio']),
    ...section(operatorRows, ['operator', 'algorithm', 'time', 'bound by', 'of it', `why below ${percent(LOW_SHARE)}`]),
  ].join('\n')
}

function convolutionRow({ label, model, algorithm, microseconds, gflops, share, slowdown, doubtful }) {
  const others = Object.entries(microseconds)
    .filter(([name]) => name !== algorithm)
    .sort(([, a], [, b]) => a - b)
    .map(([name, time]) => `${name} ${significant(time)}`)
  return [
    label,
    model,
    algorithm,
    significant(microseconds[algorithm]),
    significant(gflops),
    percent(share),
    others.join(', '),
    doubtful ? `${slowdown.toFixed(2)} !` : slowdown.toFixed(2),
  ]
}
