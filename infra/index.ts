import { composeProblems, launchWithCompose } from './docker/compose.ts'
import { startContainer } from './docker/engine.ts'
import { containerName, projectName } from './docker/project.ts'
import { dockerStack } from './docker/stack.ts'
import { nativeStack } from './native/native-stack.ts'
import type { Stack, StackOptions } from './stack.ts'

export { createTopics, differentWarning } from './kafka/topics.ts'
export { freePorts } from './process/free-ports.ts'
export * from './services.ts'
export * from './stack.ts'

/** The stack that lives in a directory; nothing is started or looked at yet. */
export function openStack(options: StackOptions): Stack {
  switch (options.provider) {
    case 'native':
      return nativeStack(options)
    case 'compose':
      return dockerStack(options, {
        launch: launchWithCompose,
        // Compose starts it again, or anew when compose.yaml has changed meanwhile.
        relaunch: launchWithCompose,
        problems: composeProblems,
      })
    case 'testcontainers':
      return dockerStack(options, {
        // Loaded when it is needed: it takes half a second.
        launch: async (component) =>
          (await import('./docker/testcontainers.ts')).launchWithTestcontainers(component, options),
        relaunch: (component) => startContainer(containerName(projectName(options.directory), component)),
        problems: async () => [],
      })
  }
}
