import { blue, faintInk, type Heading, headingHeight, inFigures, ink, renderSvg, rule } from './svg.ts'

export interface Bar {
  readonly label: string
  readonly value: number
}

const barHeight = 44
const axisHeight = 56
const labelWidth = 190

/** Lying bars with their values, first one on top: sagas per second of each system. `unit` stands below the axis. */
export function barPlot(heading: Heading, unit: string, bars: readonly Bar[]): string {
  const height = headingHeight + bars.length * barHeight + axisHeight
  return renderSvg(height, heading, {
    grid: { left: labelWidth, right: 80, top: headingHeight, bottom: axisHeight },
    xAxis: {
      type: 'value',
      min: 0,
      name: unit,
      nameLocation: 'middle',
      nameGap: 30,
      nameTextStyle: { fontSize: 13, color: faintInk },
      axisLabel: { fontSize: 12, color: faintInk, formatter: inFigures },
      splitLine: { lineStyle: { color: rule } },
    },
    yAxis: {
      type: 'category',
      inverse: true,
      data: bars.map(({ label }) => label),
      axisTick: { show: false },
      axisLine: { lineStyle: { color: faintInk } },
      axisLabel: { fontSize: 14, color: ink, width: labelWidth - 30, overflow: 'break', lineHeight: 17 },
    },
    series: [
      {
        type: 'bar',
        data: bars.map(({ value }) => value),
        barWidth: '62%',
        itemStyle: { color: blue },
        label: {
          show: true,
          position: 'right',
          fontSize: 14,
          fontWeight: 600,
          color: ink,
          formatter: ({ dataIndex }) => inFigures(bars[dataIndex]?.value ?? 0),
        },
      },
    ],
  })
}
