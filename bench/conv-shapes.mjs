// Shapes of convolution steps, as the tuner writes them (lib/tune/step-shape.ts).

const numbers = (text) => text.split('x').map(Number)

/** `1x1x56x56x64/256+0.0.1.1.1.1`: sizes, stride between pixels, halo. */
const sizesOf = (view) => numbers(/^[0-9x]+/.exec(view)[0])

/** Throws an error that shows the text when it is no convolution. */
export function parseConvShape(text) {
  const [, inputs, output, settings] = /^conv (.+) -> (\S+) (.+)$/.exec(text) ?? []
  if (settings === undefined) throw new Error(`expected the shape of a convolution but got '${text}'`)
  const [input, residual] = inputs.split(' & ')
  const values = Object.fromEntries(settings.split(' ').map((setting) => setting.split('=')))
  const triples = ['kernel', 'stride', 'dilation'].map((name) => [name, numbers(values[name])])
  return {
    input: sizesOf(input),
    output: sizesOf(output),
    hasResidual: residual !== undefined,
    groups: Number(values.groups),
    ...Object.fromEntries(triples),
  }
}

/** Of one run of the direct method, two for each multiply-add. */
export function convFlops({ input, output, kernel, groups }) {
  const product = (list) => list.reduce((a, b) => a * b, 1)
  return 2 * product(output) * product(kernel) * (input.at(-1) / groups)
}

/** Such as `56x56x64 -> 56x56x256 1x1 + residual` or `28x28x192 -> 14x14x192 3x3 s2 g192`. */
export function convLabel({ input, output, kernel, stride, dilation, groups, hasResidual }) {
  const image = ([batch, depth, ...rest]) =>
    `${batch > 1 ? `${batch} of ` : ''}${depth > 1 ? `${depth}x` : ''}${rest.join('x')}`
  const window = (triple) => (triple[0] > 1 ? triple : triple.slice(1)).join('x')
  const largest = (triple) => Math.max(...triple)
  const notes = [
    window(kernel),
    ...(largest(stride) > 1 ? [`s${largest(stride)}`] : []),
    ...(largest(dilation) > 1 ? [`d${largest(dilation)}`] : []),
    ...(groups > 1 ? [`g${groups}`] : []),
    ...(hasResidual ? ['+ residual'] : []),
  ]
  return `${image(input)} -> ${image(output)} ${notes.join(' ')}`
}
