import type { Command } from 'commander'
import { type Classification, type ClassifyOptions, classify } from '../classify.js'
import { type ErrorCode, type Im2colError, ImageError, OptionError } from '../errors.js'
import { imageName } from '../image/decode.js'
import { readLabels } from '../image/labels.js'
import { type PresetName, presets } from '../image/presets.js'
import type { Session } from '../session.js'
import { modelInfo } from '../zoo/registry.js'
import { type Io, printable, stylesFor, toJson } from './io.js'
import { loadModel } from './load-model.js'
import { positiveInteger } from './options.js'
import { createProgress } from './progress.js'

interface Options {
  readonly model: string
  readonly weights?: string
  readonly rename?: string
  readonly preset?: string
  readonly labels?: string
  readonly top: number
  readonly json?: boolean
}

type Answer =
  | { readonly file: string; readonly classes: readonly Classification[] }
  | { readonly file: string; readonly error: { readonly code: ErrorCode; readonly message: string } }

/** Pictures that are decoded and run at the same time. */
const CONCURRENCY = 4

export function addClassify(program: Command, io: Io): void {
  program
    .command('classify')
    .description('say what pictures show')
    .argument('<files...>', 'pictures: paths, file: or data: URLs')
    .option('-m, --model <name>', 'network, see `im2col models`', 'lenet5')
    .option('-w, --weights <file>', 'safetensors file (default: the one that the package ships)')
    .option('--rename <convention>', 'names in the weights file (default: recognised)')
    .option('--preset <name>', `preprocessing: ${Object.keys(presets).join(', ')} (default: by network and weights)`)
    .option('-l, --labels <file>', 'one label per line')
    .option('-t, --top <k>', 'classes per picture', positiveInteger, 5)
    .option('--json', 'print JSON')
    .action((files: readonly string[], options: Options) => run(io, files, options))
}

async function run(io: Io, files: readonly string[], options: Options): Promise<void> {
  const { model, convention } = await loadModel(io, options.model, options)
  const labels = options.labels === undefined ? undefined : await readLabels(options.labels)
  const preset = options.preset ?? (convention?.startsWith('caffe2') ? 'imagenet-bgr-caffe' : undefined)
  const settings: ClassifyOptions = {
    top: options.top,
    labels,
    preset: (preset as PresetName | undefined) ?? modelInfo(options.model).preprocessing,
  }
  const session = await model.compile({ maxConcurrency: CONCURRENCY })
  try {
    await classifyAll(io, files, session, settings, options.json === true)
  } finally {
    session.dispose()
  }
}

async function classifyAll(
  io: Io,
  files: readonly string[],
  session: Session,
  settings: ClassifyOptions,
  json: boolean,
) {
  const progress = createProgress(json ? { ...io, stderr: { write: () => {} } } : io, 'Classifying')
  const answers: Answer[] = []
  for await (const answer of inOrder(files, (file) => answerFor(file, session, settings))) {
    answers.push(answer)
    progress.clear()
    if (!json && 'classes' in answer) io.stdout.write(describe(io, answer.file, answer.classes))
    progress.update(answers.length / files.length)
  }
  progress.clear()
  if (json) io.stdout.write(toJson(answers))
  const failures = new Set(answers.flatMap((answer) => ('error' in answer ? [answer.error.message] : [])))
  if (failures.size > 0) throw new FailedPictures([...failures])
}

/** Pictures that could not be classified while others were: one line each. */
export class FailedPictures extends Error {
  readonly lines: readonly string[]

  constructor(lines: readonly string[]) {
    super(lines.join('\n'))
    this.lines = lines
  }
}

async function answerFor(file: string, session: Session, settings: ClassifyOptions): Promise<Answer> {
  try {
    return { file, classes: await classify(file, session, settings) }
  } catch (error) {
    // The other pictures may be sound; anything else than a picture or its address is wrong for all of them.
    const ofThisPicture =
      error instanceof ImageError || (error instanceof OptionError && error.message.includes(imageName(file)))
    if (!ofThisPicture) throw error
    return { file, error: { code: (error as Im2colError).code, message: error.message } }
  }
}

/** Results in the order of the items, a few of them in the making at any time. */
async function* inOrder<T, R>(items: readonly T[], work: (item: T) => Promise<R>): AsyncGenerator<R> {
  const pending: Promise<R>[] = []
  for (const item of items) {
    const result = work(item)
    result.catch(() => {})
    pending.push(result)
    if (pending.length === CONCURRENCY) yield (await pending.shift()) as R
  }
  while (pending.length > 0) yield (await pending.shift()) as R
}

function describe(io: Io, file: string, classes: readonly Classification[]): string {
  const { bold, dim } = stylesFor(io.stdout, io.env)
  const name = printable(file.startsWith('data:') ? `${file.slice(0, 40)}...` : file)
  const lines = classes.map(({ label, probability }, i) => {
    const line = `${(probability * 100).toFixed(1).padStart(6)} %  ${printable(label)}`
    return i === 0 ? line : dim(line)
  })
  return `${bold(name)}\n${lines.join('\n')}\n`
}
