// The whole report as text. Times and ratios are medians, with their 10th and 90th percentiles in parentheses.
import { networkLabel, networkTables, peersOf } from './network-report.mjs'
import { geometricMean } from './statistics.mjs'
import { percent, plural, significant, textTable, withSpread } from './table.mjs'

function layerTable(rows) {
  const peers = peersOf(rows)
  const head = ['layer', 'im2col ms', 'peak', ...peers.flatMap((peer) => [`${peer} ms`, 'ratio'])]
  const cells = (answer) => (answer ? [significant(answer.milliseconds), significant(answer.ratio)] : ['-', '-'])
  const lines = rows.map((row) => [
    row.layer,
    significant(row.milliseconds),
    percent(row.shareOfPeak),
    ...peers.flatMap((peer) => cells(row.peers[peer])),
  ])
  const over = (pick) =>
    peers.flatMap((peer) => ['', significant(pick(rows.flatMap((row) => row.peers[peer]?.ratio ?? [])))])
  lines.push(['geometric mean', '', '', ...over(geometricMean)])
  lines.push(['smallest', '', '', ...over((ratios) => Math.min(...ratios))])
  return textTable(head, lines)
}

function startTables({ imports, firstAnswers }) {
  const importLines = imports.map(({ engine, how, milliseconds }) => [engine, how, withSpread(milliseconds)])
  const answerLines = firstAnswers.map(({ network, engine, memory, milliseconds, residentPerWeights }) => [
    networkLabel(network),
    memory === undefined ? engine : `${engine}, memory ${memory}`,
    withSpread(milliseconds),
    withSpread(residentPerWeights),
  ])
  return [
    textTable(['package', 'by', 'ms'], importLines),
    textTable(['from file to first answer', 'engine', 'ms', 'resident / weights'], answerLines),
  ].join('\n\n')
}

function lenetTable(rows) {
  const lines = rows.map(({ call, microseconds }) => [call, withSpread(microseconds)])
  return textTable(['call', 'us'], lines)
}

function loopTable(rows) {
  const lines = rows.map(({ engine, threads, runs, milliseconds, ticks, longestMs }) => [
    engine,
    threads,
    runs,
    significant(milliseconds),
    ticks,
    significant(longestMs),
  ])
  return textTable(['engine', 'threads', 'runs', 'ms', 'ticks of 1 ms', 'longest wait ms'], lines)
}

function concurrencyTable(rows) {
  const lines = rows.map(({ engine, threads, jobs, rowMilliseconds, togetherMilliseconds, ratio }) => [
    engine,
    threads,
    jobs,
    withSpread(rowMilliseconds),
    withSpread(togetherMilliseconds),
    withSpread(ratio),
  ])
  return textTable(['engine', 'threads', 'runs', 'in a row ms', 'at once ms', 'at once / in a row'], lines)
}

const sections = {
  networks: networkTables,
  batch: networkTables,
  layers: (rows) => `Single convolutions, one thread\n\n${layerTable(rows)}`,
  lenet: (rows) => `LeNet-5, one picture, one thread\n\n${lenetTable(rows)}`,
  start: (tables) => `A fresh process\n\n${startTables(tables)}`,
  loop: (rows) => `The event loop while runs of ResNet-50 are awaited\n\n${loopTable(rows)}`,
  concurrency: (rows) => `Runs of ResNet-50 in a row, and asked for at once\n\n${concurrencyTable(rows)}`,
}

/** The machine, every section that `result` has, and what failed. */
export function textReport(result) {
  const { machine } = result
  const bandwidth = Object.entries(machine.readGigabytesPerSecond).map(
    ([threads, speed]) => `${significant(speed)} GB/s by ${plural(Number(threads), 'thread')}`,
  )
  const head = [
    `${machine.cpu}, ${plural(machine.cores, 'core')}, ${machine.isa}, ${machine.platform}, Node.js ${machine.node}`,
    `multiply-add peak ${significant(machine.peakGflopsPerThread)} GFLOP/s a thread; memory read at ${bandwidth.join(', ')}`,
    Object.values(machine.versions).join(', '),
  ]
  const tables = Object.entries(sections)
    .filter(([section]) => result[section] !== undefined)
    .map(([section, table]) => table(result[section]))
  const failures = result.failures.map(({ what, message }) => `FAILED ${what}: ${message}`)
  return [head.join('\n'), ...tables, ...failures].join('\n\n')
}
