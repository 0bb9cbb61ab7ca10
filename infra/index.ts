import { nativeStack } from './native/native-stack.ts'
import type { Stack, StackOptions } from './stack.ts'

export { createTopics } from './kafka/topics.ts'
export { freePorts } from './native/ports.ts'
export * from './services.ts'
export * from './stack.ts'

/** The stack that lives in a directory; nothing is started or looked at yet. */
export function openStack(options: StackOptions): Stack {
  return nativeStack(options)
}
