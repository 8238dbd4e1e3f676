import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import {
  type AnySym,
  add,
  chunk,
  conv1d,
  lstm,
  model,
  module,
  multiply,
  pad,
  relu,
  sigmoid,
  sqrt,
  Tensor,
} from '../../lib/index.js'
import { hasShared, sharedPath } from '../support/shared.js'

const weightsPath = 'data/audio/silero_vad/silero_vad_16k.safetensors'
const soundPath = 'data/audio/silero_vad/test.wav'

const frame = 512
/** Samples before a frame that the network also sees. */
const context = 64
const stateSize = 128

type States = Readonly<Record<'hidden' | 'cell', AnySym>>

/** Silero's voice activity detector for 16 kHz: a spectrum by convolution, four convolutions, an LSTM over the frames. */
const detector = () => {
  const m = {
    stft_conv: conv1d(258, { kernel: 256, stride: 128, bias: false }),
    conv1: conv1d(128, { kernel: 3, padding: 1 }),
    conv2: conv1d(64, { kernel: 3, stride: 2, padding: 1 }),
    conv3: conv1d(64, { kernel: 3, stride: 2, padding: 1 }),
    conv4: conv1d(128, { kernel: 3, padding: 1 }),
    lstm_cell: lstm(stateSize),
    final_conv: conv1d(1, { kernel: 1 }),
  }
  return module(m, ({ samples, hidden, cell }: States & { readonly samples: AnySym }) => {
    const padded = pad(
      [
        [0, context],
        [0, 0],
      ],
      { mode: 'reflect' },
    )(samples) as AnySym
    const [real, imaginary] = chunk(m.stft_conv(padded) as AnySym, 2) as readonly [AnySym, AnySym]
    const spectrum = sqrt(add(multiply(real, real) as AnySym, multiply(imaginary, imaginary) as AnySym)) as AnySym
    const layers = [m.conv1, m.conv2, m.conv3, m.conv4] as readonly ((x: AnySym) => AnySym)[]
    const features = layers.reduce((x, conv) => relu(conv(x)), spectrum)
    const after = m.lstm_cell.withStates(features, { hidden: [hidden], cell: [cell] })
    const speech = sigmoid(m.final_conv(relu(after.output as AnySym)) as AnySym)
    return { speech, hidden: after.hidden[0] as AnySym, cell: after.cell[0] as AnySym }
  })
}

/** Samples from -1 to 1 of a wav file of 16-bit integers. */
const readWav = (path: string): Float32Array => {
  const bytes = readFileSync(path)
  const data = bytes.indexOf('data')
  const count = bytes.readUInt32LE(data + 4) / 2
  return Float32Array.from({ length: count }, (_, i) => bytes.readInt16LE(data + 8 + 2 * i) / 2 ** 15)
}

const rename = (name: string): string => (name.startsWith('lstm_cell.') ? `${name}_l0` : name)

async function probabilitiesOf(sound: Float32Array): Promise<readonly number[]> {
  const shapes = { samples: [context + frame, 1], hidden: [stateSize], cell: [stateSize] } as const
  const net = model(shapes, detector())
  await net.loadWeights(sharedPath(weightsPath), { rename })
  const session = await net.compile({ threads: 1 })
  try {
    const probabilities: number[] = []
    const zeros = () => new Tensor(new Float32Array(stateSize), [1, stateSize])
    let states = { hidden: zeros(), cell: zeros() }
    const padded = new Float32Array(context + sound.length)
    padded.set(sound, context)
    for (let first = 0; first + frame <= sound.length; first += frame) {
      const samples = new Tensor(padded.slice(first, first + context + frame), [1, context + frame, 1])
      const { speech, hidden, cell } = await session.run({ samples, ...states })
      probabilities.push(speech.data[0] as number)
      states = {
        hidden: new Tensor(hidden.data.slice() as Float32Array, [1, stateSize]),
        cell: new Tensor(cell.data.slice() as Float32Array, [1, stateSize]),
      }
    }
    return probabilities
  } finally {
    session.dispose()
  }
}

/** What PyTorch's layers answer with these weights in float64: frames of speech, and the probability of every hundredth frame. */
const frameCount = 1875
const speechCount = 1464
const everyHundredth = [
  0.450713, 0.999893, 0.999965, 0.997608, 0.999824, 0.048708, 0.99914, 0.999901, 0.999993, 0.998345, 0.999931, 0.999549,
  0.99939, 0.999917, 0.021964, 0.021351, 0.992703, 0.049491, 0.99974,
]

const hasAll = [weightsPath, soundPath].every((path) => hasShared(path))

test.skipIf(!hasAll)('the trained voice detector finds the speech that PyTorch finds', async () => {
  const probabilities = await probabilitiesOf(readWav(sharedPath(soundPath)))
  expect(probabilities).toHaveLength(frameCount)
  expect(probabilities.filter((probability) => probability >= 0.5)).toHaveLength(speechCount)
  everyHundredth.forEach((expected, i) => {
    expect(probabilities[100 * i]).toBeCloseTo(expected, 4)
  })
})
