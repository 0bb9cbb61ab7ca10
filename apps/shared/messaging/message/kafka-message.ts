/** One message as it came from Kafka. */
export interface KafkaMessage {
  readonly partition: number
  /** A whole number that may exceed 2^53, as text. */
  readonly offset: string
  readonly key: string | undefined
  readonly value: string | undefined
  /** The same before it was taken for UTF-8. */
  readonly body?: Buffer | undefined
  readonly headers: Readonly<Record<string, string | undefined>>
  /** When Connect took it out of the write-ahead log, in milliseconds since 1970. Its clock is not ours. */
  readonly timestampMs?: number
}
