import { type choreography, type Stream, topicOf } from './choreography.ts'
import { type EventOf, type EventType, events } from './events.ts'
import { formatJson } from './json.ts'

type TypeIn<S extends Stream> = {
  [T in EventType]: (typeof choreography)[T]['in'] extends S ? T : never
}[EventType]

/** What a participant listens to: one upstream topic, and a parser for each type it handles. */
export interface Subscription<Type extends EventType> {
  readonly topic: string
  /** Each takes the payload as text and throws when it does not decode. */
  readonly parse: { readonly [T in Type]: (payload: string) => EventOf<T> }
}

/** The named events of one stream. One stream only: two topics can overtake each other, and no gate could see it. */
export function on<S extends Stream, Type extends TypeIn<S>>(stream: S, ...types: readonly Type[]): Subscription<Type> {
  const parse = Object.fromEntries(types.map((type) => [type, (payload: string) => decodeEvent(type, payload)]))
  // The entries are exactly `types`; Object.fromEntries forgets it.
  // oxlint-disable-next-line typescript/consistent-type-assertions
  return { topic: topicOf(stream), parse: parse as never }
}

/** @throws ZodError or SyntaxError when the payload is not that event. */
export function decodeEvent<Type extends EventType>(type: Type, payload: string): EventOf<Type> {
  const body = events[type].parse(JSON.parse(payload))
  // oxlint-disable-next-line typescript/consistent-type-assertions
  return { type, ...body } as never
}

/** The payload of an event: everything but its type, which travels as a header. */
export function encodeEvent({ type: _type, ...payload }: EventOf<EventType>): string {
  return formatJson(payload)
}
