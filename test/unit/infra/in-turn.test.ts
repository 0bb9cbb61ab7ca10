import { expect, it } from 'vitest'
import { inTurn } from '../../../infra/runs/in-turn.ts'

it('takes every stage after the one before, whatever failed, and tells afterwards what did', async () => {
  const done: string[] = []
  const step = (name: string) => async () => {
    await Promise.resolve()
    done.push(name)
  }
  const fails = (words: string) => () => Promise.reject(new Error(words))
  await expect(inTurn([[fails('no jars'), step('one')], [step('two')], [step('three')]])).rejects.toThrow('no jars')
  expect(done).toEqual(['one', 'two', 'three'])
  await expect(inTurn([[fails('no jars')], [step('four'), fails('no disk')]])).rejects.toThrow('no jars\nno disk')
  await inTurn([[step('five')], []])
  expect(done).toEqual(['one', 'two', 'three', 'four', 'five'])
})
