import { execa } from 'execa'
import { expect, onTestFinished, test, vi } from 'vitest'
import { limitMs } from '../../support/limits.ts'

// Each starts a process, which takes its time on a busy machine.
vi.setConfig({ testTimeout: limitMs(20_000) })

const script = new URL('./lifecycle-service.ts', import.meta.url).pathname

function start(MODE: string, PORT = '0') {
  const child = execa(process.execPath, [script], { env: { MODE, PORT, NODE_ENV: 'production' }, reject: false })
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  child.stdout.on('data', (chunk) => {
    output += chunk
  })
  const said = (text: RegExp) => vi.waitUntil(() => text.exec(output), { timeout: limitMs(10_000), interval: 5 })
  return { child, said }
}

test('lets requests under way end on SIGTERM, then stops what was started last first', async () => {
  const { child, said } = start('ordinary')
  await said(/is ready/)
  const [, port] = await said(/"port":(\d+)/)
  const slow = fetch(`http://127.0.0.1:${port}/slow`)
  await said(/slow request/)
  child.kill('SIGTERM')
  expect(await (await slow).text()).toBe('done')
  const { exitCode, stdout } = await child
  expect(exitCode).toBe(0)
  expect(stdout).toMatch(/stops: SIGTERM[^]*consumer closed[^]*database closed[^]*has stopped/)
})

test('takes requests while it drains, says that it is not ready, and asks for the connection to be closed', async () => {
  const { child, said } = start('drains')
  await said(/is ready/)
  const [, port] = await said(/"port":(\d+)/)
  const get = (path: string) => fetch(`http://127.0.0.1:${port}${path}`)
  expect((await get('/healthz')).headers.get('connection')).toBe('keep-alive')
  child.kill('SIGTERM')
  await said(/stops: SIGTERM/)
  expect((await get('/readyz')).status).toBe(503)
  const slow = await get('/slow')
  expect([slow.status, slow.headers.get('connection')]).toEqual([200, 'close'])
  expect((await child).exitCode).toBe(0)
})

test('cuts off a stop that hangs and names what hung', async () => {
  const { child, said } = start('hangs')
  await said(/is ready/)
  child.kill('SIGTERM')
  const { exitCode, stdout } = await child
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/did not stop within 1000 ms: consumer, database/)
})

test('ends at once on the second signal', async () => {
  const { child, said } = start('hangs')
  await said(/is ready/)
  child.kill('SIGTERM')
  await said(/stops: SIGTERM/)
  child.kill('SIGINT')
  const { exitCode, stdout } = await child
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/ends at once: SIGINT again, still waiting for/)
})

test('that cannot go on says why, stops in order and ends with 1', async () => {
  const { exitCode, stdout } = await start('lost').child
  expect(exitCode).toBe(1)
  expect(stdout).toMatch(/"level":"fatal".*hears nothing[^]*consumer closed[^]*database closed[^]*has stopped/)
})

test('that is told to stop ends with 0, whatever it could not go on with', async () => {
  const { child, said } = start('lost late')
  await said(/is ready/)
  child.kill('SIGTERM')
  const { exitCode, stdout } = await child
  expect([exitCode, stdout]).toEqual([0, expect.not.stringContaining('hears nothing')])
})

test.each([
  ['fails', /"level":"fatal".*no such topic/],
  ['rejects', /"level":"fatal".*nobody caught me/],
])('a process that %s says why and ends with 1', async (mode, reason) => {
  const { exitCode, stdout } = await start(mode).child
  expect([exitCode, stdout]).toEqual([1, expect.stringMatching(reason)])
})

test('names the variable that is wrong, without a stack trace', async () => {
  const { exitCode, stderr } = await start('sleeps', 'http').child
  expect(exitCode).toBe(78)
  expect(stderr.split('\n')).toHaveLength(3)
  expect(stderr).toMatch(/^ConfigurationError: .*\n {2}PORT must be a port from 0 to 65535\n {2}MODE /)
})
