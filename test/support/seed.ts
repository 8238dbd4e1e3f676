/**
 * Where random cases begin: at the same ones in every run, so that a change is judged by the cases that the one before it passed.
 * `IM2COL_SEED` is another beginning, `IM2COL_SEED=random` a new one for each test file. A failure prints the seed.
 */

import fc from 'fast-check'

export const seed = seedFrom(process.env.IM2COL_SEED)

fc.configureGlobal({ seed })

function seedFrom(text = '1'): number {
  if (text === 'random') return Math.floor(Math.random() * 2 ** 31)
  if (!/^\d{1,10}$/.test(text))
    throw new Error(`expected IM2COL_SEED to be a whole number or "random" but received "${text}"`)
  return Number(text)
}
