import { sweepOperators } from '../support/operator-sweep.js'

await sweepOperators('neon', 60)
