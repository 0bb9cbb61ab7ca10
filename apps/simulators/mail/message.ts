import PostalMime from 'postal-mime'

/** What the list shows. */
export interface Summary {
  readonly id: string
  /** RFC 3339. */
  readonly receivedAt: string
  readonly from: string
  /** Of the envelope: who would have got it. */
  readonly to: readonly string[]
  readonly subject: string
  /** `X-Order-Id` */
  readonly orderId: string | null
  /** `Message-ID`: the same one twice is the same message sent twice. */
  readonly messageId: string | null
  readonly bytes: number
}

export interface Message {
  readonly summary: Summary
  readonly text: string | null
  readonly html: string | null
  /** In their order, names in lower case. */
  readonly headers: readonly { readonly name: string; readonly value: string }[]
}

/** @throws RangeError when the id is no UUIDv7: its first 48 bits are the time of arrival */
export async function parseMessage(id: string, content: Buffer): Promise<Message> {
  const email = await PostalMime.parse(content)
  const headers = email.headers.map(({ key, value }) => ({ name: key, value }))
  const values = (name: string) => headers.filter((header) => header.name === name).map(({ value }) => value)
  const receivedAt = new Date(Number.parseInt(id.slice(0, 13).replace('-', ''), 16)).toISOString()
  return {
    summary: {
      id,
      receivedAt,
      from: email.from?.address ?? '',
      to: values('delivered-to'),
      subject: email.subject ?? '',
      orderId: values('x-order-id')[0] ?? null,
      messageId: email.messageId ?? null,
      bytes: content.length,
    },
    text: email.text ?? null,
    html: email.html ?? null,
    headers,
  }
}
