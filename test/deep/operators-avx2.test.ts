import { sweepOperators } from '../support/operator-sweep.js'

await sweepOperators('avx2', 60)
