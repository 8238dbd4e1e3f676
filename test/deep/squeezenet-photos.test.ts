import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { classify } from '../../lib/classify.js'
import { decodeImage } from '../../lib/image/decode.js'
import { fromPixels } from '../../lib/image/from-pixels.js'
import { writeSafetensors } from '../../lib/weights/safetensors.js'
import { findPython } from '../support/python.js'
import { hasShared, sharedPath } from '../support/shared.js'
import {
  fixturePath,
  loadSqueezeNet,
  onnxPath,
  type PhotoAnswers,
  photoNames,
  preset,
  readAnswers,
} from '../support/squeezenet-photos.js'

const python = findPython('onnxruntime', 'safetensors', 'numpy')
const script = join(import.meta.dirname, '../oracle/squeezenet_photos.py')

/** onnxruntime on the tensors that fromPixels makes. IM2COL_WRITE_FIXTURES=1 writes its answers for the quick tests. */
async function askOracle(): Promise<PhotoAnswers> {
  const folder = mkdtempSync(join(tmpdir(), 'im2col-photos-'))
  try {
    const tensors = new Map()
    for (const name of photoNames()) {
      tensors.set(name, await fromPixels(await decodeImage(sharedPath(`data/photos/${name}`)), preset))
    }
    const path = join(folder, 'photos.safetensors')
    await writeSafetensors(path, tensors)
    return JSON.parse(execFileSync(python as string, [script, sharedPath(onnxPath), path], { encoding: 'utf8' }))
  } finally {
    rmSync(folder, { recursive: true })
  }
}

test.skipIf(python === undefined || !hasShared(onnxPath))(
  'SqueezeNet 1.1 says of every photo what onnxruntime says of the same tensor',
  async () => {
    const expected = await askOracle()
    if (process.env.IM2COL_WRITE_FIXTURES) {
      const lines = Object.entries(expected).map(
        ([name, answer]) => `  ${JSON.stringify(name)}: ${JSON.stringify(answer)}`,
      )
      writeFileSync(fixturePath, `{\n${lines.join(',\n')}\n}\n`)
    }
    expect(Object.keys(expected)).toHaveLength(31)
    expect(Object.keys(readAnswers())).toEqual(Object.keys(expected))
    const model = await loadSqueezeNet()
    for (const [name, [index, probability]] of Object.entries(expected)) {
      const [best] = await classify(sharedPath(`data/photos/${name}`), model, { preset, top: 1 })
      expect([name, best?.index]).toEqual([name, index])
      expect(best?.probability).toBeCloseTo(probability, 4)
    }
  },
)
