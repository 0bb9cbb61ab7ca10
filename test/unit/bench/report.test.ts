import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { barPlot } from '../../../bench/report/bar-plot.ts'
import { writeReport } from '../../../bench/report/report.ts'
import { sweepPlot } from '../../../bench/report/sweep-plot.ts'
import { formatTable } from '../../../bench/report/table.ts'

const heading = { title: 'Sagas per second', subtitle: 'Closed load' }
/** What stands in a picture to be read. */
const words = (svg: string) => [...svg.matchAll(/<text[^>]*>([^<]*)<\/text>/g)].map(([, text]) => text)

test('a table has its columns aligned, and no blanks at the ends of lines', () => {
  const columns = [
    { title: 'system', align: 'left' },
    { title: 'sagas/s', align: 'right' },
    { title: 'note', align: 'left' },
  ] as const
  const rows = [
    ['Paysaga', 412.3, ''],
    ['baseline', 1_503, 'loses orders'],
  ]
  expect(formatTable(columns, rows).split('\n')).toEqual([
    'system    sagas/s  note',
    '--------  -------  ------------',
    'Paysaga     412.3',
    'baseline     1503  loses orders',
  ])
})

test('a table of no rows is its head', () => {
  expect(formatTable([{ title: 'system', align: 'left' }], [])).toBe('system\n------')
})

test('bars are drawn on white and name each system with its value', () => {
  const svg = barPlot(heading, 'sagas per second', [
    { label: 'Paysaga', value: 412.34 },
    { label: 'Baseline', value: 1_503.4 },
  ])
  expect(svg).toMatch(/^<svg [^>]*xmlns=[^>]*>\s*<rect [^>]*fill="#ffffff"/)
  expect(words(svg)).toEqual(
    expect.arrayContaining(['Sagas per second', 'Closed load', 'Paysaga', '412', 'Baseline', '1,503']),
  )
})

test('sweeps stand side by side, throughput and latency of each', () => {
  const point = { setting: 4, sagasPerSecond: 412.3, p50Ms: 88.4, p95Ms: 1_288 }
  const svg = sweepPlot(heading, [
    { name: 'Partitions', points: [point, { ...point, setting: 8 }] },
    { name: 'Replicas', points: [point] },
  ])
  const count = (text: string) => words(svg).filter((word) => word === text).length
  expect(['Partitions', 'Replicas', '412', '88.4', '1,288'].map(count)).toEqual([2, 2, 3, 3, 3])
})

test('a report is figures for programs, text for people and a picture each, over those of the last time', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'bench-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  const machine = {
    cpu: 'c',
    cores: 2,
    memoryGiB: 8,
    os: 'o',
    node: 'v24',
    commit: 'abc',
    date: '2026-01-01T00:00:00Z',
  }
  const config = { ONLY: ['comparison' as const], SEED: 7, SCALE: 1, ROWS: 1_000 }
  const comparison = { text: 'a table', runs: [], figures: { sagasPerSecond: 1 }, plots: { comparison: '<svg/>' } }
  const write = () => writeReport(join(folder, 'results'), { machine, config, parts: { comparison } })
  await write()
  const files = await write()
  expect(await readdir(join(folder, 'results'))).toEqual(['comparison.svg', 'results.json', 'results.txt'])
  expect(JSON.parse(await readFile(files[0] ?? '', 'utf8'))).toEqual({
    machine,
    config,
    parts: { comparison: { figures: { sagasPerSecond: 1 }, runs: [] } },
  })
})
