/** Of longer words the rest counts by its length alone: what somebody gives must not take long to compare. */
const COMPARED_LENGTH = 64

/** Names that a suggestion is sought among. */
const COMPARED_WORDS = 1000

/**
 * How many characters must be inserted, removed or replaced to turn one word into the other (Levenshtein); past their first 64 characters
 * words differ in length only.
 */
export function editDistance(a: string, b: string): number {
  const [headA, headB] = [a.slice(0, COMPARED_LENGTH), b.slice(0, COMPARED_LENGTH)]
  const tails = Math.abs(a.length - headA.length - (b.length - headB.length))
  let row = Array.from({ length: headB.length + 1 }, (_, j) => j)
  for (let i = 1; i <= headA.length; i++) {
    const next = [i]
    for (let j = 1; j <= headB.length; j++) {
      const replaced = (row[j - 1] as number) + (headA[i - 1] === headB[j - 1] ? 0 : 1)
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1))
    }
    row = next
  }
  return tails + (row[headB.length] as number)
}

/** The word of the first 1000 of `words` that is nearest to `word`, the first of several; undefined when there are none. */
export function closest(word: string, words: readonly string[]): string | undefined {
  let nearest: string | undefined
  let least = Number.POSITIVE_INFINITY
  for (const candidate of words.slice(0, COMPARED_WORDS)) {
    if (Math.abs(word.length - candidate.length) >= least) continue
    const distance = editDistance(word, candidate)
    if (distance < least) [nearest, least] = [candidate, distance]
  }
  return nearest
}
