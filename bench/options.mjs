// The command line of run.mjs.
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { MAX_BATCH, networks } from './networks.mjs'

export const SECTIONS = ['networks', 'batch', 'layers', 'lenet', 'start', 'loop', 'concurrency']
export const PEERS = ['ort', 'openvino', 'tfjs-cpu', 'tfjs-wasm', 'convnetjs']

/** Peers that run whole networks; the others run single layers. */
export const NETWORK_PEERS = ['ort', 'openvino']

const RESULTS = fileURLToPath(new URL('results', import.meta.url))

export const usage = `Usage: npm run bench -- [options]

  --sections LIST  of ${SECTIONS.join(', ')}; all of them, or networks alone when --models or --batch is given
  --models LIST    of ${[...networks.keys()].join(', ')}
  --peers LIST     of ${PEERS.join(', ')}; all by default, openvino when its Python package is there
  --threads LIST   threads of one run; 1 and 2 by default
  --batch LIST     images of one run in the section networks, at most ${MAX_BATCH}; 1 by default
  --rounds N       blocks of each engine; 15 by default
  --pause MS       before each block; 200 by default
  --block MS       length of a block; 250 by default
  --json           JSON on standard output instead of tables
  --out FOLDER     writes JSON and chart there; bench/results by default when every section is measured`

const list = (text) => [
  ...new Set(
    text
      .split(',')
      .map((word) => word.trim())
      .filter((word) => word !== ''),
  ),
]

function members(option, text, known) {
  const words = list(text)
  const unknown = words.filter((word) => !known.includes(word))
  if (words.length === 0 || unknown.length > 0) {
    throw new Error(`--${option}: expected some of ${known.join(', ')} but got '${unknown.join(',') || text}'`)
  }
  return words
}

function integers(option, text, least = 1, most = Number.MAX_SAFE_INTEGER) {
  const numbers = list(text).map(Number)
  if (numbers.length === 0 || !numbers.every((n) => Number.isInteger(n) && n >= least && n <= most)) {
    const range = most < Number.MAX_SAFE_INTEGER ? `from ${least} to ${most}` : `of at least ${least}`
    throw new Error(`--${option}: expected integers ${range} but got '${text}'`)
  }
  return numbers
}

function integer(option, text, least) {
  const numbers = integers(option, text, least)
  if (numbers.length > 1) throw new Error(`--${option}: expected one number but got '${text}'`)
  return numbers[0]
}

/** Reads the arguments after the program's name. Throws an error whose message says what was expected. */
export function readOptions(args) {
  const { values } = parseArgs({
    args,
    options: {
      sections: { type: 'string' },
      models: { type: 'string' },
      peers: { type: 'string' },
      threads: { type: 'string' },
      batch: { type: 'string' },
      rounds: { type: 'string', default: '15' },
      pause: { type: 'string', default: '200' },
      block: { type: 'string', default: '250' },
      json: { type: 'boolean', default: false },
      out: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  })
  const narrowed = values.models !== undefined || values.batch !== undefined
  const sections = values.sections === undefined ? undefined : members('sections', values.sections, SECTIONS)
  return {
    help: values.help,
    sections: sections ?? (narrowed ? ['networks'] : SECTIONS),
    models: values.models === undefined ? [...networks.keys()] : members('models', values.models, [...networks.keys()]),
    /** Whether every peer must be there. */
    peersGiven: values.peers !== undefined,
    peers: values.peers === undefined ? PEERS : members('peers', values.peers, PEERS),
    threads:
      values.threads === undefined
        ? [1, 2].filter((n) => n <= availableParallelism())
        : integers('threads', values.threads),
    batches: integers('batch', values.batch ?? '1', 1, MAX_BATCH),
    rounds: integer('rounds', values.rounds),
    pauseMs: integer('pause', values.pause, 0),
    blockMs: integer('block', values.block),
    json: values.json,
    out: values.out ?? (sections === undefined && !narrowed ? RESULTS : undefined),
  }
}
