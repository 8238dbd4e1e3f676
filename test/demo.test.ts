import { spawnSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import sharp from 'sharp'
import { describe, expect, test } from 'vitest'

const folder = join(import.meta.dirname, '../demo')
const pictures = readdirSync(join(folder, 'digits')).filter((name) => name.endsWith('.png'))

describe("the demo's pictures", () => {
  test('show every digit in at least two hands', () => {
    expect(pictures.length).toBeGreaterThanOrEqual(20)
    for (let digit = 0; digit <= 9; digit++) {
      expect(pictures.filter((name) => name.startsWith(`${digit}-`)).length).toBeGreaterThanOrEqual(2)
    }
  })

  test('differ in size, and in whether ink is dark or bright', async () => {
    const sizes = new Set<string>()
    const grounds = { dark: 0, bright: 0 }
    for (const name of pictures) {
      const { data, info } = await sharp(join(folder, 'digits', name))
        .greyscale()
        .raw()
        .toBuffer({ resolveWithObject: true })
      sizes.add(`${info.width} x ${info.height}`)
      grounds[(data[0] as number) < 128 ? 'dark' : 'bright']++
    }
    expect(sizes.size).toBeGreaterThanOrEqual(10)
    expect(Math.min(grounds.dark, grounds.bright)).toBeGreaterThanOrEqual(5)
  })
})

describe('the demo', () => {
  test('reads all its pictures right, and prints plain text of at most 80 columns into a pipe', () => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [join(folder, 'digits.mjs')], { encoding: 'utf8' })
    expect({ stderr, status }).toEqual({ stderr: '', status: 0 })
    for (const name of pictures) {
      expect(stdout).toMatch(new RegExp(`${name} +[0-9.]+ ms`))
    }
    expect(stdout).toMatch(/^[\n -~]*$/)
    expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80)
    expect(stdout).toMatch(
      new RegExp(`\\n${pictures.length} of ${pictures.length} digits read right, [0-9.]+ ms per picture`),
    )
  })

  test('prints half blocks in colour, and bars of eighths of a column, on a terminal', async () => {
    const { bar, colorsOf, pictureLines } = await import(new URL('../demo/terminal.mjs', import.meta.url).href)
    const data = Uint8Array.of(255, 0, 0, 0, 0, 255)
    const csi = '\u001b['
    expect(pictureLines({ data, width: 1, height: 2 }, '24bit')).toEqual([
      `${csi}38;2;255;0;0m${csi}48;2;0;0;255m▀${csi}0m`,
    ])
    expect(pictureLines({ data, width: 1, height: 2 }, '256')).toEqual([`${csi}38;5;239m${csi}48;5;235m▀${csi}0m`])
    expect(bar(0.5, 3, '24bit')).toBe('█▌ ')
    expect(bar(0.5, 4, 'none')).toBe('##  ')
    expect(colorsOf({ isTTY: false })).toBe('none')
    expect(colorsOf({ isTTY: true, getColorDepth: () => 24 })).toBe(process.env.NO_COLOR ? 'none' : '24bit')
  })
})
