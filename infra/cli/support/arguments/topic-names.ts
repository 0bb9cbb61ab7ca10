import type { Admin } from '../../../kafka/client.ts'

/** All but Kafka's own, which begin with two underscores. */
export async function ownTopics(admin: Admin): Promise<readonly string[]> {
  return (await admin.listTopics()).filter((name) => !name.startsWith('__')).toSorted()
}
