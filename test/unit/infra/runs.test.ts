import { describe, expect, it } from 'vitest'
import type { Carrier } from '../../../infra/runs/carriers.ts'
import { marksIn } from '../../../infra/runs/config.ts'
import { ignoresHangup } from '../../../infra/runs/hangup.ts'
import { type Found, leftoversOf } from '../../../infra/runs/leftovers.ts'
import { folderName, isDiscarded, ownerLives, parseRunId, runIdOf, runOfFolder } from '../../../infra/runs/run-id.ts'

describe('the marker in an environment', () => {
  it('is read from /proc, where NUL ends each variable', () => {
    const text = 'PATH=/bin\0PAYSAGA_RUN=test-1-2 up-3-4\0PAYSAGA_RECORD=/a b/run/kafka.json\0X=1\0'
    expect(marksIn(text, '\0')).toEqual({ runs: ['test-1-2', 'up-3-4'], recordFile: '/a b/run/kafka.json' })
  })

  it('is read from ps, where the next name ends a value', () => {
    const text = 'node main.ts PATH=/bin PAYSAGA_RUN=test-1-2 up-3-4 PAYSAGA_RECORD=/a b/run/kafka.json'
    expect(marksIn(text, ' ')).toEqual({ runs: ['test-1-2', 'up-3-4'], recordFile: '/a b/run/kafka.json' })
  })

  it('is not found in a variable whose name only ends like it, or in an empty one', () => {
    expect(marksIn('MY_PAYSAGA_RUN=test-1-2\0PAYSAGA_RUN=\0', '\0')).toBeUndefined()
  })
})

describe('the id of a run', () => {
  it('names the run, its owner and when the owner started', () => {
    const id = runIdOf('planted-bugs', { pid: 12, mark: 'some-boot/3456' })
    expect(id).toBe('planted-bugs-12-3456')
    expect(parseRunId(id)).toEqual({ name: 'planted-bugs', pid: 12, stamp: '3456' })
    expect(runOfFolder(folderName(id))).toBe(id)
  })

  it('holds what macOS says of a start, in letters that a folder may have', () => {
    const id = runIdOf('test', { pid: 12, mark: 'Mon Nov 30 22:04:05 2026' })
    expect(id).toBe('test-12-MonNov302204052026')
    expect(parseRunId(id)?.pid).toBe(12)
  })

  it('is no other word', () => {
    expect(['paysaga', 'test-12', 'other-12-34', 'test-x-34'].map(parseRunId)).toEqual(Array(4).fill(undefined))
    expect(['paysaga-demo-', 'vitest-12-34', 'paysaga-packed-Xy12'].map(runOfFolder)).toEqual(Array(3).fill(undefined))
  })

  it('tells a reused number from the owner', () => {
    expect(ownerLives(`test-${process.pid}-1`)).toBe(false)
  })

  it('says whether data is thrown away with it', () => {
    expect(['test-1-2', 'bench-1-2', 'up-1-2', 'demo-1-2'].filter(isDiscarded)).toEqual(['test-1-2', 'bench-1-2'])
  })
})

describe('what is left behind', () => {
  const carrier = (pid: number, runs: readonly string[], recordFile?: string): Carrier => ({
    pid,
    mark: `${pid}`,
    user: 1000,
    runs,
    recordFile,
  })
  const look = (carriers: readonly Carrier[], more: Partial<Found> = {}) => {
    const found = leftoversOf({
      carriers,
      folders: [],
      ownerLives: (run) => run.startsWith('bench'),
      isOwnUser: (user) => user === 1000,
      within: [],
      ...more,
    })
    const pids = (groups: ReadonlyMap<string, readonly Carrier[]>) =>
      Object.fromEntries([...groups].map(([name, group]) => [name, group.map(({ pid }) => pid)]))
    return { living: pids(found.living), stacks: pids(found.stacks), orphans: pids(found.orphans) }
  }
  const nothing = { living: {}, stacks: {}, orphans: {} }

  it('is left to a run whose owner lives, also what a nested run has started', () => {
    const found = [carrier(1, ['bench-1-1']), carrier(2, ['bench-1-1', 'up-5-5'], '/b/run/kafka.json')]
    expect(look(found)).toEqual({ ...nothing, living: { 'bench-1-1': [1, 2] } })
  })

  it('is a stack, by its directory, when a command has left it running', () => {
    const found = [
      carrier(1, ['up-1-1'], '/a/run/kafka.json'),
      carrier(2, ['demo-2-2'], '/a/run/order.json'),
      carrier(3, ['up-3-3'], '/b/run/kafka.json'),
    ]
    expect(look(found)).toEqual({ ...nothing, stacks: { '/a': [1, 2], '/b': [3] } })
  })

  it('is a part of a stack too when it was started again outside of any run', () => {
    expect(look([carrier(1, [], '/a/run/payment.json')])).toEqual({ ...nothing, stacks: { '/a': [1] } })
  })

  it('is an orphan when its run is dead and was to take everything along, or has only helped to start a stack', () => {
    const found = [
      carrier(1, ['test-1-1'], '/t/run/kafka.json'),
      carrier(2, ['test-1-1', 'up-2-2'], '/t/run/connect.json'),
      carrier(3, ['up-3-3']),
    ]
    expect(look(found)).toEqual({ ...nothing, orphans: { 'test-1-1': [1, 2], 'up-3-3': [3] } })
  })

  it('is not looked for among the processes of another user', () => {
    expect(look([{ ...carrier(1, ['test-1-1']), user: 1001 }])).toEqual(nothing)
  })

  it('is looked for within a run only among what that run has started, and is not the run itself', () => {
    const found = [
      carrier(1, ['test-9-9']),
      carrier(2, ['test-9-9', 'up-1-1'], '/a/run/kafka.json'),
      carrier(3, ['up-2-2'], '/b/run/kafka.json'),
      carrier(4, [], '/b/run/payment.json'),
    ]
    expect(look(found, { within: ['test-9-9'] })).toEqual({ ...nothing, stacks: { '/a': [2] } })
  })

  it('includes the folders of dead runs and no others', () => {
    const folders = ['/tmp/paysaga-test-1-1', '/tmp/paysaga-bench-2-2', '/tmp/paysaga-packed-abc', '/tmp/other']
    const found = { carriers: [], folders, isOwnUser: () => true, within: [] }
    expect(leftoversOf({ ...found, ownerLives: (run) => run === 'bench-2-2' }).folders).toEqual([
      '/tmp/paysaga-test-1-1',
    ])
  })
})

it('a run goes on at a logout when the one who has started it ignores SIGHUP', () => {
  expect(ignoresHangup('SigBlk:\t0000000000000000\nSigIgn:\t0000000000000001\nSigCgt:\t0000000000000000\n')).toBe(true)
  expect(ignoresHangup('SigIgn:\t0000000001001007\n')).toBe(true)
  expect(ignoresHangup('SigBlk:\t0000000000000001\nSigIgn:\t0000000001001000\nSigCgt:\t0000000000000001\n')).toBe(false)
})
