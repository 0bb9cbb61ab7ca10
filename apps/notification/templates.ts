import { formatMoney } from '#contracts'
import type { News, SendMail } from './vocabulary.ts'

export interface Words {
  readonly subject: string
  readonly text: string
  readonly html: string
}

/** What the customer reads: the same sentences as plain text and as HTML. The same mail gives the same words. */
export function wordsOf({ to, news, currency, totalMinor }: SendMail, orderId: string): Words {
  const sentences = sentencesOf(news, { currency, totalMinor })
  const greeting = to.name === undefined ? 'Hello,' : `Hello ${to.name},`
  const paragraphs = [greeting, ...sentences, `Order ${orderId}`]
  return {
    subject: subjectOf(news),
    text: `${paragraphs.join('\n\n')}\n`,
    html: `<!doctype html>\n<html lang="en">\n<body>\n${paragraphs.map(paragraph).join('\n')}\n</body>\n</html>\n`,
  }
}

function subjectOf(news: News): string {
  switch (news.kind) {
    case 'order_confirmed':
      return 'Your order is confirmed'
    case 'order_cancelled':
      return 'Your order is cancelled'
    case 'order_refunded':
      return news.full ? 'Your order is refunded' : 'Part of your order is refunded'
    case 'refund_failed':
      return 'Your refund is delayed'
  }
}

function sentencesOf(
  news: News,
  { currency, totalMinor }: { readonly currency: string; readonly totalMinor: bigint },
): readonly string[] {
  const total = formatMoney(totalMinor, currency)
  switch (news.kind) {
    case 'order_confirmed':
      return [`we have your order over ${formatMoney(news.amountMinor, currency)}. Thank you.`]
    case 'order_cancelled':
      return [
        `your order over ${total} is cancelled: ${reasons[news.reason]}.`,
        news.amountMinor > 0n
          ? `${formatMoney(news.amountMinor, currency)} goes back to you. You need not do anything.`
          : 'You keep your money: what your bank has reserved is released, and what was taken already is given back.',
      ]
    case 'order_refunded':
      return news.full
        ? [`${formatMoney(news.amountMinor, currency)} goes back to you. With that, all of your order is refunded.`]
        : [`${formatMoney(news.amountMinor, currency)} of your order over ${total} goes back to you.`]
    case 'refund_failed':
      return [`your bank did not take a refund for your order over ${total}. The merchant knows and will see to it.`]
  }
}

type Reason = Extract<News, { kind: 'order_cancelled' }>['reason']

const reasons: Readonly<Record<Reason, string>> = {
  customer_request: 'as was asked for',
  payment_declined: 'your bank declined the payment',
  payment_timeout: 'the payment did not arrive in time',
  capture_timeout: 'the payment could not be completed in time',
  capture_failed: 'the payment could not be completed',
  authorisation_expired: 'the reservation of the amount has expired',
  voided_externally: 'the reservation of the amount was released',
  amount_mismatch: 'the amount paid was not the amount of the order',
}

const paragraph = (sentence: string): string => `<p>${escapeHtml(sentence)}</p>`

/** A name is whatever somebody typed into a shop. */
function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`)
}
