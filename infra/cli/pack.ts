import { execFile } from 'node:child_process'
import { cp, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { z } from 'zod'
import { projectRoot } from '../config.ts'
import { fail, print } from './support/display/output.ts'

const run = promisify(execFile)
const timeoutMs = 120_000
/** What the library imports; a test looks whether that is still so. */
const dependencies = ['@opentelemetry/api', 'kafkajs', 'kysely']

/**
 * `make pack`: the messaging library as a package of JavaScript and types, with the migrations of its tables. Node takes
 * TypeScript from a checkout and not from node_modules, so it is compiled, file by file and otherwise as it is.
 */
async function pack(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'paysaga-pack-'))
  try {
    const project = join(folder, 'tsconfig.json')
    await writeFile(project, JSON.stringify(compilerConfig(folder)))
    const compiled = run(join(projectRoot, 'node_modules/.bin/tsc'), ['--project', project], { timeout: timeoutMs })
    await compiled.catch((error: unknown) => {
      // The compiler complains on stdout.
      throw new Error(`The library does not compile:\n${z.object({ stdout: z.string() }).parse(error).stdout}`)
    })
    await cp(join(projectRoot, 'db/messaging'), join(folder, 'migrations'), { recursive: true })
    await cp(join(projectRoot, 'LICENSE'), join(folder, 'LICENSE'))
    await cp(join(projectRoot, 'docs/messaging.md'), join(folder, 'README.md'))
    await rm(project)
    await writeFile(join(folder, 'package.json'), JSON.stringify(await manifest(), null, 2))
    const { stdout } = await run('npm', ['pack', folder, '--silent', '--pack-destination', projectRoot], {
      timeout: timeoutMs,
    })
    print(`  ${stdout.trim().split('\n').at(-1) ?? ''}`)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const compilerConfig = (folder: string): object => ({
  extends: join(projectRoot, 'tsconfig.json'),
  compilerOptions: {
    noEmit: false,
    declaration: true,
    rewriteRelativeImportExtensions: true,
    rootDir: join(projectRoot, 'apps/shared/messaging'),
    outDir: join(folder, 'dist'),
    typeRoots: [join(projectRoot, 'node_modules/@types')],
  },
  include: [join(projectRoot, 'apps/shared/messaging')],
})

async function manifest(): Promise<object> {
  const own = z
    .object({
      version: z.string(),
      license: z.string(),
      engines: z.unknown(),
      dependencies: z.record(z.string(), z.string()),
    })
    .parse(JSON.parse(await readFile(join(projectRoot, 'package.json'), 'utf8')))
  return {
    name: '@paysaga/messaging',
    version: own.version,
    description: 'Transactional outbox, idempotent participant, parking, effects and deadlines on PostgreSQL and Kafka',
    license: own.license,
    type: 'module',
    engines: own.engines,
    exports: { '.': { types: './dist/index.d.ts', default: './dist/index.js' }, './migrations/*': './migrations/*' },
    files: ['dist', 'migrations'],
    dependencies: Object.fromEntries(dependencies.map((name) => [name, own.dependencies[name]])),
  }
}

await pack().catch(fail)
