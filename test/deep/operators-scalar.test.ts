import { sweepOperators } from '../support/operator-sweep.js'

await sweepOperators('scalar', 50)
