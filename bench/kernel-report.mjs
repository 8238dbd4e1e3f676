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

export function kernelReport({ isa, threads, peakGflops, convolutions, pairs }) {
  const doubtful = convolutions.filter((convolution) => convolution.doubtful)
  const pairRows = pairs.map(({ model, name, together, separate }) => [
    name,
    model,
    significant(together),
    significant(separate),
    significant(separate / together),
  ])
  return [
    `${isa}, ${plural(threads, 'thread')}, peak ${significant(peakGflops)} GFLOP/s; times in microseconds\n`,
    textTable(
      ['convolution', 'first in', 'algorithm', 'time', 'GFLOP/s', 'of peak', 'other candidates', 'to best'],
      convolutions.map(convolutionRow),
    ),
    `\n${doubtful.length} of ${plural(convolutions.length, 'choice')} more than 10 % slower than the best candidate`,
    ...(pairs.length === 0
      ? []
      : ['', textTable(['computed together', 'network', 'together', 'separate', 'ratio'], pairRows)]),
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
