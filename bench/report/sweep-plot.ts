import type { LineSeriesOption } from 'echarts/charts'
import type { GridComponentOption, TitleComponentOption } from 'echarts/components'
import {
  blue,
  faintInk,
  type Heading,
  headingHeight,
  inFigures,
  ink,
  type PlotOption,
  renderSvg,
  rule,
  vermilion,
  width,
} from './svg.ts'

/** What one setting does to throughput and latency, everything else left as it is. */
export interface Sweep {
  /** The setting that is varied: `Partitions`. */
  readonly name: string
  /** In the order of the axis; their distances on it are equal. */
  readonly points: readonly SweepPoint[]
}

export interface SweepPoint {
  readonly setting: number | string
  readonly sagasPerSecond: number
  readonly p50Ms: number
  readonly p95Ms: number
}

interface Line {
  readonly of: (point: SweepPoint) => number
  readonly colour: string
  readonly dashed?: boolean
}

interface Row {
  readonly title: string
  readonly lines: readonly Line[]
  readonly scale: (values: readonly number[]) => Scale
}

interface Scale {
  readonly type: 'value' | 'log'
  readonly min: number
  readonly max: number
}

const rows: readonly Row[] = [
  { title: 'Sagas per second', lines: [{ of: (point) => point.sagasPerSecond, colour: blue }], scale: linear },
  {
    title: 'Latency in ms, on a logarithmic scale: p95, and p50 dashed',
    scale: logarithmic,
    lines: [
      { of: (point) => point.p95Ms, colour: vermilion },
      { of: (point) => point.p50Ms, colour: vermilion, dashed: true },
    ],
  },
]

const panelHeight = 170
const rowHeight = panelHeight + 88
const marginLeft = 62
const gap = 58

/** A column for each sweep: throughput above, latency below. The panels of a row have one scale, to be compared. */
export function sweepPlot(heading: Heading, sweeps: readonly Sweep[]): string {
  const panels = rows.flatMap((row, rowIndex) =>
    sweeps.map((sweep, column) => panel({ row, rowIndex, sweep, column, sweeps })),
  )
  return renderSvg(headingHeight + rows.length * rowHeight, heading, {
    title: panels.flatMap(({ title }) => title),
    grid: panels.map(({ grid }) => grid),
    xAxis: panels.map(({ xAxis }) => xAxis),
    yAxis: panels.map(({ yAxis }) => yAxis),
    series: panels.flatMap(({ series }) => series),
  })
}

interface Place {
  readonly row: Row
  readonly rowIndex: number
  readonly sweep: Sweep
  readonly column: number
  readonly sweeps: readonly Sweep[]
}

function panel({ row, rowIndex, sweep, column, sweeps }: Place) {
  const index = rowIndex * sweeps.length + column
  const panelWidth = (width - marginLeft - 24 - gap * (sweeps.length - 1)) / sweeps.length
  const left = marginLeft + column * (panelWidth + gap)
  const top = headingHeight + rowIndex * rowHeight + 30
  const all = sweeps.flatMap(({ points }) => row.lines.flatMap(({ of }) => points.map(of)))
  const title: TitleComponentOption[] =
    column > 0
      ? []
      : [{ text: row.title, left: 20, top: top - 34, textStyle: { fontSize: 14, fontWeight: 600, color: ink } }]
  const grid: GridComponentOption = { left, top, width: panelWidth, height: panelHeight }
  return {
    title,
    grid,
    ...axes(index, sweep, row.scale(all)),
    series: row.lines.map((line) => series(index, sweep, line)),
  }
}

type One<Axes> = Exclude<Axes, readonly unknown[] | undefined>

function axes(gridIndex: number, { name, points }: Sweep, scale: Scale) {
  const text = { fontSize: 12, color: faintInk }
  const xAxis: One<PlotOption['xAxis']> = {
    gridIndex,
    type: 'category',
    data: points.map(({ setting }) => String(setting)),
    name,
    nameLocation: 'middle',
    nameGap: 28,
    nameTextStyle: { ...text, fontSize: 13, color: ink },
    axisTick: { show: false },
    axisLine: { lineStyle: { color: faintInk } },
    axisLabel: text,
  }
  const yAxis: One<PlotOption['yAxis']> = {
    gridIndex,
    ...scale,
    splitNumber: 4,
    axisLabel: { ...text, formatter: inFigures },
    splitLine: { lineStyle: { color: rule } },
  }
  return { xAxis, yAxis }
}

function series(index: number, { points }: Sweep, { of, colour, dashed = false }: Line): LineSeriesOption {
  return {
    type: 'line',
    xAxisIndex: index,
    yAxisIndex: index,
    data: points.map(of),
    symbol: 'circle',
    symbolSize: 7,
    itemStyle: { color: dashed ? '#ffffff' : colour, borderColor: colour, borderWidth: 2 },
    lineStyle: { color: colour, width: 2, type: dashed ? 'dashed' : 'solid' },
    label: {
      show: true,
      position: dashed ? 'bottom' : 'top',
      fontSize: 12,
      color: ink,
      textBorderColor: '#ffffff',
      textBorderWidth: 3,
      formatter: ({ dataIndex }) => inFigures(points[dataIndex] === undefined ? 0 : of(points[dataIndex])),
    },
  }
}

/** From 0 to the next 1, 2, 4, 6, 8 or 10 of its power of ten, with room for the figures above the highest point. */
function linear(values: readonly number[]): Scale {
  const largest = Math.max(1, ...values) * 1.15
  const power = 10 ** Math.floor(Math.log10(largest))
  const step = [1, 2, 4, 6, 8].find((each) => each * power >= largest) ?? 10
  return { type: 'value', min: 0, max: step * power }
}

/** Whole powers of ten, with room for the figures above the highest point and below the lowest. */
function logarithmic(values: readonly number[]): Scale {
  const min = 10 ** Math.floor(Math.log10(Math.max(0.1, Math.min(...values)) / 1.8))
  return { type: 'log', min, max: Math.max(min * 10, 10 ** Math.ceil(Math.log10(Math.max(...values) * 1.8))) }
}
