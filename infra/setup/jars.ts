import { complain, fail, print } from '../cli/support/display/output.ts'
import { awaitJars } from '../native/jars-progress.ts'
import { missingMaven } from '../native/prerequisites.ts'

// The end of `make setup`: what Maven has begun to fetch while npm was at work has to be there. Without Maven the packages
// alone are of use, for make lint and for the stack on containers.

const problem = await missingMaven()
if (problem === undefined) await awaitJars((text) => print(`  ${text}`)).catch(fail)
else complain(`Kafka and Debezium are not fetched: ${problem.what}. To have them: ${problem.fix}.`)
