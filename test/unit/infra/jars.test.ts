import { describe, expect, it } from 'vitest'
import { fetchedBy } from '../../../infra/native/jars.ts'
import { howFar } from '../../../infra/native/jars-progress.ts'

const output = `[INFO] Scanning for projects...
Downloading from central: https://repo.example/org/apache/kafka/kafka-clients/4.1.1/kafka-clients-4.1.1.pom
Downloaded from central: https://repo.example/org/apache/kafka/kafka-clients/4.1.1/kafka-clients-4.1.1.pom (512 B at 6.1 kB/s)
Downloaded from central: https://repo.example/org/apache/kafka/kafka-clients/4.1.1/kafka-clients-4.1.1.jar (9.5 MB at 12 MB/s)
Progress (1): 1.1 MB
Downloaded from central: https://repo.example/org/apache/kafka/connect-api/4.1.1/connect-api-4.1.1.jar (110 kB at 1.3 MB/s)
`

describe('how far Maven is', () => {
  it('is what its output says is downloaded, not what is under way', () => {
    expect(fetchedBy(output)).toEqual({ files: 3, bytes: 9_610_512 })
    expect(fetchedBy('')).toEqual({ files: 0, bytes: 0 })
  })

  it('is told against what was measured', () => {
    const figures = { jars_files: 518, jars_wire_mb: 83 }
    expect(howFar(fetchedBy(output), figures)).toBe('Maven has fetched 3 of 518 files, 10 of 83 MB')
  })
})
