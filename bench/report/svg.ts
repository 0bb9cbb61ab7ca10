import { BarChart, type BarSeriesOption, LineChart, type LineSeriesOption } from 'echarts/charts'
import { GridComponent, type GridComponentOption, TitleComponent, type TitleComponentOption } from 'echarts/components'
import { type ComposeOption, init, use } from 'echarts/core'
import { SVGRenderer } from 'echarts/renderers'

use([BarChart, LineChart, GridComponent, TitleComponent, SVGRenderer])

export type PlotOption = ComposeOption<BarSeriesOption | LineSeriesOption | GridComponentOption | TitleComponentOption>

/** What every plot says above itself. */
export interface Heading {
  readonly title: string
  /** Under which conditions: load, machine, commit. `\n` starts another line. */
  readonly subtitle: string
}

/** Height of the heading and the air below it, in pixels. */
export const headingHeight = 92
export const width = 880
/** Dark enough for white paper, and told apart by the colour-blind (Okabe and Ito). */
export const blue = '#0072b2'
export const vermilion = '#d55e00'
export const ink = '#1f2328'
export const faintInk = '#59636e'
export const rule = '#d1d9e0'

/** An SVG picture on white, so that it reads the same on a dark page. */
export function renderSvg(height: number, { title, subtitle }: Heading, option: PlotOption): string {
  const chart = init(null, null, { renderer: 'svg', ssr: true, width, height })
  try {
    chart.setOption({
      ...option,
      animation: false,
      backgroundColor: '#ffffff',
      textStyle: { fontFamily: "system-ui, -apple-system, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, sans-serif" },
      title: [
        {
          text: title,
          subtext: subtitle,
          left: 20,
          top: 16,
          itemGap: 8,
          textStyle: { fontSize: 18, fontWeight: 600, color: ink },
          subtextStyle: { fontSize: 12, lineHeight: 17, color: faintInk },
        },
        ...[option.title ?? []].flat(),
      ],
    })
    return `${chart.renderToSVGString()}\n`
  } finally {
    chart.dispose()
  }
}

/** As people write it: `1,234`, and decimals only where they say something. */
export function inFigures(value: number): string {
  return value.toLocaleString('en-GB', { maximumSignificantDigits: Math.max(3, Math.trunc(value).toString().length) })
}
