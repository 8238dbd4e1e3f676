/** Formats that come where a safetensors file is expected, by their first bytes. */

export interface FileFormat {
  /** With its article. */
  readonly name: string
  /** What to do about it. */
  readonly hint: string
}

const SAVE = 'Save its tensors as safetensors, as safetensors.torch.save_file does'

/** Each with the hexadecimal bytes that its files begin with. */
const FORMATS: readonly (readonly [start: RegExp, format: FileFormat])[] = [
  [/^504b(0304|0506)/, { name: 'a zip archive, as PyTorch (.pt, .pth) and NumPy (.npz) write', hint: SAVE }],
  [/^800[2-5]/, { name: 'a Python pickle, as PyTorch and Caffe2 write', hint: SAVE }],
  [/^894844460d0a1a0a/, { name: 'an HDF5 file, as Keras writes', hint: SAVE }],
  [/^934e554d5059/, { name: 'a NumPy array', hint: SAVE }],
  [/^47475546/, { name: 'a GGUF file', hint: SAVE }],
  // A ModelProto: the field ir_version, which comes first, and whichever follows.
  [/^08(0[1-9a-f]|1.)(12|1a|22|28|32|3a|42|72)/, { name: 'an ONNX model', hint: SAVE }],
  [/^1f8b/, { name: 'compressed by gzip', hint: 'Unpack it' }],
  [/^76657273696f6e20/, { name: 'a Git LFS pointer', hint: 'Fetch the file itself: git lfs pull' }],
  [/^3c(21|48|68)/, { name: 'a web page', hint: 'Download the file itself' }],
]

/** The format of a file that begins with `bytes`, of which 8 suffice; undefined when it is none of those known. */
export function recogniseFormat(bytes: Uint8Array): FileFormat | undefined {
  const start = Buffer.from(bytes).toString('hex')
  return FORMATS.find(([pattern]) => pattern.test(start))?.[1]
}
