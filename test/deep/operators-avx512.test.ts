import { sweepOperators } from '../support/operator-sweep.js'

await sweepOperators('avx512', 80)
