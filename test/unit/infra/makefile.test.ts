import { execFile } from 'node:child_process'
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const run = promisify(execFile)
const root = new URL('../../../', import.meta.url)

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'paysaga-makefile-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('variables of make’s command line', () => {
  const told = async (given: readonly string[], environment: Readonly<Record<string, string>>): Promise<string> => {
    const probe = join(folder, 'probe.mk')
    await writeFile(probe, `probe:\n\t@printf '%s' "ALL=$$ALL Q=$$Q"\n`)
    // The make that runs the tests hands its own command line on.
    const shell = ['-u', 'MAKEFLAGS', ...Object.entries(environment).map(([name, value]) => `${name}=${value}`)]
    const make = ['make', '-s', '-f', 'Makefile', '-f', probe, 'probe', ...given]
    const { stdout } = await run('env', [...shell, ...make], { cwd: root })
    return stdout
  }

  it('reach a command as they were written', async () => {
    expect(await told(['ALL=1', "Q=select $x, 'a'"], {})).toBe("ALL=1 Q=select $x, 'a'")
  })

  it('are not taken from the environment', async () => {
    expect(await told([], { ALL: '1', Q: 'select 1' })).toBe('ALL= Q=')
    expect(await told(['Q=select 2'], { ALL: '1', Q: 'select 1' })).toBe('ALL= Q=select 2')
  })
})

describe('the Node.js that runs the project', () => {
  /** A path on which `node`, `uname` and `getconf` answer as on another machine. */
  const asOn = async ({ version, system, isGnu }: { version: string; system: string; isGnu: boolean }) => {
    const numbers = version.slice(1)
    // `node -p '<expression>'` is asked of this Node.js, which says that it is another one.
    const node = `if [ "$1" = --version ]; then echo ${version}; else exec '${process.execPath}' -p "Object.defineProperty(process.versions, 'node', { value: '${numbers}' }); $2"; fi`
    const programs = {
      node,
      uname: `[ "$1" = -s ] && echo ${system} || echo x86_64`,
      getconf: isGnu ? 'echo glibc' : 'exit 1',
    }
    for (const [name, script] of Object.entries(programs)) {
      await writeFile(join(folder, name), `#!/bin/sh\n${script}\n`)
      await chmod(join(folder, name), 0o755)
    }
    const env = { PATH: `${folder}:/usr/bin:/bin` }
    return (question: string) => run('sh', ['infra/setup/node.sh', question], { cwd: root, env })
  }

  it.each([
    ['own', { version: 'v24.16.0', system: 'Darwin', isGnu: false }],
    ['own', { version: 'v25.0.0', system: 'Linux', isGnu: true }],
    ['pinned', { version: 'v24.15.9', system: 'Linux', isGnu: true }],
    ['none', { version: 'v20.20.2', system: 'Linux', isGnu: false }],
    ['none', { version: 'v20.20.2', system: 'Darwin', isGnu: true }],
  ])('is %s on %j', async (which, machine) => {
    const ask = await asOn(machine)
    expect((await ask('which')).stdout).toBe(`${which}\n`)
  })

  it('is asked for with what is there and where to get another', async () => {
    const ask = await asOn({ version: 'v20.20.2', system: 'Darwin', isGnu: false })
    await expect(ask('demand')).rejects.toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/24\.16 or later.*v20\.20\.2[\s\S]*Darwin x86_64.*nodejs\.org/),
    })
  })
})
