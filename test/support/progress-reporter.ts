import type { Reporter, TestCase, TestModule } from 'vitest/node'
import { ProgressLine } from '../../infra/cli/support/display/progress-line.ts'

/**
 * `make chaos` into a file or a pipe: what is tested, as the nth of how many. On a terminal the default reporter shows
 * that; elsewhere it writes a file's line at the file's end, which is half an hour later.
 */
export class TestProgress implements Reporter {
  #line: ProgressLine | undefined
  #total = 0
  #done = 0

  onTestRunStart(): void {
    this.#line = new ProgressLine()
    this.#line.show('starting what the tests stand on')
  }

  onTestModuleCollected({ children }: TestModule): void {
    this.#total += [...children.allTests()].length
  }

  onTestCaseReady({ name }: TestCase): void {
    this.#line?.show(`${this.#done} of ${this.#total} done: ${name}`)
  }

  onTestCaseResult(): void {
    this.#done += 1
  }

  onTestRunEnd(): void {
    this.#line?.end()
  }
}
