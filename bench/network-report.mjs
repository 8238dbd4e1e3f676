// Whole networks as a reader sees them: text, Markdown and a chart.
import { barChart } from './chart.mjs'
import { networks } from './networks.mjs'
import { geometricMean } from './statistics.mjs'
import { percent, plural, significant, textTable, withSpread } from './table.mjs'

/** What people call a network. */
export const networkLabel = (network) => networks.get(network) ?? network

/** Peers that some row has, in their order. */
export const peersOf = (rows) => [...new Set(rows.flatMap((row) => Object.keys(row.peers ?? {})))]

const isMeasured = (row) => row.im2col !== undefined

/** A list of rows for each pair of threads and images, in the order of their first row. */
function byLoad(rows) {
  const groups = new Map()
  for (const row of rows) {
    const key = `${row.threads} ${row.batch}`
    groups.set(key, [...(groups.get(key) ?? []), row])
  }
  return [...groups.values()]
}

const loadLabel = ({ threads, batch }) =>
  `${plural(threads, 'thread')}, ${batch === 1 ? 'one image' : `${batch} images`} a run`

/** Geometric mean over networks of a peer's median ratio. */
const meanRatio = (rows, peer) => geometricMean(rows.map((row) => row.peers[peer].ratio.median))

/** The mean ratio of each peer, for each number of threads and images. */
export const geometricMeans = (rows) =>
  byLoad(rows.filter(isMeasured)).flatMap((group) => {
    const [{ threads, batch }] = group
    return peersOf(group).map((peer) => ({
      threads,
      batch,
      peer,
      networks: group.length,
      ratio: meanRatio(group, peer),
    }))
  })

function latencyTable(rows) {
  const peers = peersOf(rows)
  const head = [
    'network',
    'im2col ms',
    'img/s',
    'GFLOP/s',
    'peak',
    ...peers.flatMap((peer) => [`${peer} ms`, `${peer} / im2col`]),
  ]
  const lines = rows.map((row) => {
    const name = networkLabel(row.network)
    if (!isMeasured(row)) return [name, row.missing ? 'missing' : 'failed', ...Array(head.length - 2).fill('')]
    const { milliseconds, gflopsPerSecond, shareOfPeak } = row.im2col
    return [
      name,
      withSpread(milliseconds),
      significant((1e3 * row.batch) / milliseconds.median),
      significant(gflopsPerSecond),
      percent(shareOfPeak),
      ...peers.flatMap((peer) => [withSpread(row.peers[peer].milliseconds), withSpread(row.peers[peer].ratio)]),
    ]
  })
  const measured = rows.filter(isMeasured)
  if (measured.length > 0) {
    const means = peers.flatMap((peer) => ['', significant(meanRatio(measured, peer))])
    lines.push(['geometric mean', '', '', '', '', ...means])
  }
  return textTable(head, lines)
}

/** One table for each number of threads and images. */
export const networkTables = (rows) =>
  byLoad(rows)
    .map((group) => `Whole networks, ${loadLabel(group[0])}\n\n${latencyTable(group)}`)
    .join('\n\n')

/** Medians only, all loads side by side, as a Markdown table. Undefined when nothing was measured. */
export function markdownTable(rows) {
  const groups = byLoad(rows.filter(isMeasured))
  if (groups.length === 0) return undefined
  const peers = peersOf(rows)
  const head = groups.flatMap((group) => [
    `im2col ms, ${loadLabel(group[0])}`,
    ...peers.flatMap((peer) => [`${peer} ms`, `${peer} / im2col`]),
  ])
  const cells = ({ im2col, peers: answers }) => [
    significant(im2col.milliseconds.median),
    ...peers.flatMap((peer) => [significant(answers[peer].milliseconds.median), answers[peer].ratio.median.toFixed(2)]),
  ]
  const blank = Array(1 + 2 * peers.length).fill('')
  const names = new Set(groups.flat().map(({ network }) => network))
  const lines = [...names].map((name) => {
    const rowOf = (group) => group.find(({ network }) => network === name)
    return [networkLabel(name), ...groups.flatMap((group) => (rowOf(group) ? cells(rowOf(group)) : blank))]
  })
  const means = (group) => ['', ...peers.flatMap((peer) => ['', meanRatio(group, peer).toFixed(2)])]
  lines.push(['geometric mean', ...groups.flatMap(means)])
  const rule = ['---', ...head.map(() => '--:')]
  return `${[['network', ...head], rule, ...lines].map((line) => `| ${line.join(' | ')} |`).join('\n')}\n`
}

/** Speeds relative to the first peer, as SVG. Undefined when there is nothing to show. */
export function speedChart({ machine, networks: rows = [], measured }) {
  const [baseline, ...others] = peersOf(rows)
  const groups = byLoad(rows.filter(isMeasured))
  if (baseline === undefined || groups.length === 0) return undefined
  /** Our speed and the others', given each peer's time in multiples of ours. */
  const speeds = (ratio) => [ratio(baseline), ...others.map((peer) => ratio(baseline) / ratio(peer))]
  const panels = groups.map((group) => ({
    title: loadLabel(group[0]),
    groups: [
      ...group.map((row) => ({
        label: networkLabel(row.network),
        values: speeds((peer) => row.peers[peer].ratio.median),
      })),
      { label: 'geometric mean', strong: true, values: speeds((peer) => meanRatio(group, peer)) },
    ],
  }))
  const nameOf = (peer) => machine.versions[peer]
  return barChart({
    title: `Speed of im2col beside ${nameOf(baseline)}`,
    subtitle: `float32; times as fast, higher is better. ${machine.cpu}, ${plural(machine.cores, 'core')}, ${machine.isa}; ${measured}`,
    series: ['im2col', ...others.map(nameOf)],
    baseline: nameOf(baseline),
    panels,
  })
}
