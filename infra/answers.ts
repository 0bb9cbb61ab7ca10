import { brokerAnswers } from './kafka/client.ts'
import { postgresClient, postgresUrl } from './postgres/client.ts'
import type { Component, StackPorts } from './stack.ts'

const kafkaTimeoutMs = 5_000
const connectTimeoutMs = 5_000

/** Whether a component does its work, asked from this machine and the same way whoever runs it. */
export async function answers(component: Component, ports: StackPorts): Promise<boolean> {
  switch (component) {
    case 'postgres':
      return await postgresAnswers(ports.postgres)
    case 'kafka':
      return await brokerAnswers(`127.0.0.1:${ports.kafka}`, kafkaTimeoutMs)
    case 'connect':
      return await connectAnswers(`http://127.0.0.1:${ports.connect}`)
  }
}

async function postgresAnswers(port: number): Promise<boolean> {
  const client = postgresClient(postgresUrl(port, 'postgres', 'postgres'))
  try {
    await client.connect()
    await client.query('select 1')
    return true
  } catch {
    return false
  } finally {
    await client.end().catch(() => undefined)
  }
}

/** The worker has joined its group and read its configuration; `/` answers before that. */
async function connectAnswers(url: string): Promise<boolean> {
  try {
    const response = await fetch(`${url}/connectors`, { signal: AbortSignal.timeout(connectTimeoutMs) })
    await response.arrayBuffer()
    return response.ok
  } catch {
    return false
  }
}
