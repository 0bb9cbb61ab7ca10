import { type Figures, readFigures } from '../setup/figures.ts'
import { type Fetched, fetchJars, jarFolder, jarsFetched } from './jars.ts'

const tellEveryMs = 2_000

let waiting: Promise<void> | undefined

/**
 * Waits until Kafka and Debezium are there, and says meanwhile how far Maven is. Kafka and Connect need the same jars: the
 * first that asks is told, the others wait with it. Throws with the end of Maven's output.
 */
export async function awaitJars(announce: (text: string) => void): Promise<void> {
  waiting ??= fetchAndTell(announce).finally(() => {
    waiting = undefined
  })
  await waiting
}

async function fetchAndTell(announce: (text: string) => void): Promise<void> {
  if ((await jarFolder()).cached) return
  const figures = await readFigures()
  announce('waits for Maven, which fetches Kafka and Debezium once')
  const telling = setInterval(() => {
    void jarsFetched().then((fetched) => announce(howFar(fetched, figures)))
  }, tellEveryMs)
  await fetchJars().finally(() => clearInterval(telling))
}

/** What Maven has in its own cache from before it does not fetch: then it ends below what is measured. */
export function howFar({ files, bytes }: Fetched, figures: Pick<Figures, 'jars_files' | 'jars_wire_mb'>): string {
  return `Maven has fetched ${files} of ${figures.jars_files} files, ${Math.round(bytes / 1_000_000)} of ${figures.jars_wire_mb} MB`
}
