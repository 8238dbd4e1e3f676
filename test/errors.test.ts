import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import * as errors from '../lib/errors.js'

const root = join(import.meta.dirname, '..')

const classes = [
  [errors.ShapeError, 'ERR_SHAPE'],
  [errors.OptionError, 'ERR_OPTION'],
  [errors.WeightsError, 'ERR_WEIGHTS'],
  [errors.DTypeError, 'ERR_DTYPE'],
  [errors.DisposedError, 'ERR_DISPOSED'],
  [errors.QueueFullError, 'ERR_QUEUE_FULL'],
  [errors.AbortError, 'ERR_ABORTED'],
  [errors.ImageError, 'ERR_IMAGE'],
  [errors.UnknownModelError, 'ERR_UNKNOWN_MODEL'],
  [errors.PackageError, 'ERR_PACKAGE'],
] as const

describe('errors', () => {
  test.each(classes)('%o has the code %s and its own name', (Kind, code) => {
    const error = new Kind('what happened', { layer: 'conv1', expected: 1, actual: 2, hint: 'Do that' })
    expect(error).toBeInstanceOf(errors.Im2colError)
    expect(error).toMatchObject({ code, name: Kind.name, layer: 'conv1', expected: 1, actual: 2, hint: 'Do that' })
    expect(error.message).toBe('what happened. Do that')
  })

  test('every exported class is listed here', () => {
    const exported = Object.values(errors).filter(
      (value) => typeof value === 'function' && value.prototype instanceof errors.Im2colError,
    )
    expect(new Set(exported)).toEqual(new Set([...classes.map(([Kind]) => Kind), errors.NativeError]))
  })

  test('the README lists every code, and the library throws every one', () => {
    const read = (file: string) => readFileSync(join(root, file), 'utf8')
    const section = /^## Errors$([\s\S]*?)^## /m.exec(read('README.md'))?.[1]
    expect([...(section?.matchAll(/`(ERR_\w+)`/g) ?? [])].map(([, code]) => code)).toEqual([...errors.errorCodes])
    const files = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
    const library = files.filter((file) => file.endsWith('.ts')).map((file) => read(join('lib', file)))
    const thrown = (code: string, pattern: RegExp) => (library.some((text) => pattern.test(text)) ? code : `${pattern}`)
    for (const [{ name }, code] of classes) expect(thrown(code, new RegExp(`new ${name}\\(`))).toBe(code)
    library.push(read('native/binding/errors.cpp'))
    for (const code of errors.errorCodes.filter((known) => known.startsWith('ERR_NATIVE_'))) {
      const engines = code.replace('NATIVE_', '')
      expect(thrown(code, new RegExp(`new NativeError\\(\\s*'${code}'|return "${engines}"`))).toBe(code)
    }
  })

  test('of the engine carry the code that they are given', () => {
    const cause = new Error('dlopen failed')
    const error = new errors.NativeError('ERR_NATIVE_MISSING', 'No engine for this machine', { cause })
    expect(error).toMatchObject({ code: 'ERR_NATIVE_MISSING', name: 'NativeError', cause })
  })

  test('that abort have the name that the platform gives to aborts', () => {
    expect(new errors.AbortError().name).toBe('AbortError')
  })
})

describe('an invalid option', () => {
  test.each([
    [-1, '-1 (number)'],
    [Number.NaN, 'NaN (number)'],
    ['3', '"3" (string)'],
    [null, 'null (null)'],
    [undefined, 'undefined (undefined)'],
    [3n, '3 (bigint)'],
    [[1, 2], '[1, 2] (array)'],
    [new Float32Array(2), 'Float32Array (Float32Array)'],
    [{ height: 1 }, '{ height } (Object)'],
    [Object.create(null), '{  } (object)'],
    [() => 1, 'function (function)'],
    [Promise.resolve(1), 'Promise (Promise)'],
    [Symbol('s'), 'Symbol(s) (symbol)'],
  ])('says what came: %#', (given, text) => {
    const error = errors.invalidOption('stride', 'a positive integer', given)
    expect(error.message).toBe(`Expected stride to be a positive integer but received ${text}`)
    expect(error).toMatchObject({ code: 'ERR_OPTION', expected: 'a positive integer', actual: given })
  })

  test('shows lists that are nested without end', () => {
    const nested: unknown[] = []
    nested.push(nested)
    expect(errors.invalidOption('shape', 'a shape', nested).message).toContain('[[[[[...]]]]] (array)')
  })

  test('shows long values in short', () => {
    const keys = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [`key${i}`.repeat(100), i]))
    for (const value of ['x'.repeat(10_000), keys, [keys, keys], Array(1000).fill('x'.repeat(1000))]) {
      const { message } = errors.invalidOption('name', 'short', value)
      expect(message.length).toBeLessThan(200)
    }
  })
})
