import type { Notification } from '../../../apps/notification/vocabulary.ts'
import type { MailServer } from '../world/mail-server.ts'

/** What must hold of the mails about an order that has ended, by the mail server's own record. */
export function brokenMails({ orderId, messages, status }: Notification, server: MailServer): string | undefined {
  if (messages.length === 0 && status === 'addressed') return 'ended, and nobody was told'
  for (const message of messages) {
    const isTaken = server.taken.has(`${orderId}/mail/${message.number}`)
    if (message.status === 'queued' || message.status === 'sending') return 'a mail waits for ever'
    if (message.status === 'sent' && !isTaken) return 'a mail is called sent, and nobody has taken it'
    if (message.status === 'cancelled' && isTaken) return 'a mail was taken back after it had left'
  }
  const names = new Set(messages.map(({ number }) => `${orderId}/mail/${number}`))
  const others = [...server.taken.keys()].filter((name) => name.startsWith(orderId) && !names.has(name))
  return others.length > 0 ? 'a mail was sent under another name' : undefined
}
