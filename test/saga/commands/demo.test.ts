import { readFile } from 'node:fs/promises'
import { describe, expect, it } from 'vitest'
import { cliOf, root, run, runCliOf } from '../../support/system/cli.ts'
import { testSettings } from '../../support/system/layout.ts'
import { openShop } from '../../support/system/shop.ts'

const shop = openShop()

const cli = cliOf(shop)

/** The kinds of lines, without what differs from run to run and from order to order, and each kind once. */
const skeleton = (text: string): readonly string[] => {
  const lines = text.split('\n').map((line) =>
    line
      .replace(/(migrations|topics) .*/g, '$1')
      .replace(/^ +[0-9a-f]{8}-[0-9a-f-]{27} .* paid$/, 'an order, paid')
      .replace(/[0-9a-f]{8}-[0-9a-f-]{27}/g, '#')
      .replace(/\d+(\.\d+)*/g, '#')
      .replace(/\s+/g, ' ')
      .trim(),
  )
  return [...new Set(lines.filter((line) => line !== '' && line !== '…'))].toSorted((one, other) =>
    one < other ? -1 : 1,
  )
}

describe('the commands behind make', () => {
  it('demo prints what the README shows', async () => {
    const readme = await readFile(new URL('README.md', root), 'utf8')
    const shown = /<!-- demo output[^>]*-->\n```text\n(.*?)```/s.exec(readme)?.[1]
    if (shown === undefined) throw new Error('The README shows no demo output')
    const { stdout: output, stderr, code } = await runCliOf(shop)('demo')
    if (code !== 0) throw new Error(`demo ended with ${code}: ${stderr}`)
    expect(skeleton(output)).toEqual(skeleton(shown))
    // No terminal, no color, and no line that is written over.
    expect(output + stderr).not.toContain('\u001B')
    const sessionSeconds = Math.round(Number(testSettings.KAFKA_SESSION_TIMEOUT_MS) / 100) / 10
    expect(output).toContain(`silent for ${sessionSeconds} s (KAFKA_SESSION_TIMEOUT_MS)`)
    expect(output).toMatch(/All is well: 9 processes ready after \d+\.\d s, 6 orders paid, [\d.]+ s in all\.\n$/)
    // The crash was in mid-order, and the order finished by itself.
    expect(output).toMatch(/OrderPlaced\n.*killed.*\n.*started again.*\n.*PaymentAuthorized\n/)
    expect(output).toContain('captured 1 time.')
  })

  it('the README’s curl places an order, and again the same', async () => {
    const readme = await readFile(new URL('README.md', root), 'utf8')
    const command = /```sh\n(curl .*?)```/s.exec(readme)?.[1] ?? ''
    const here = command.replace('127.0.0.1:3001', `127.0.0.1:${shop.ports.order}`)
    const answers = [await run('bash', ['-c', here]), await run('bash', ['-c', here])].map(({ stdout }) => stdout)
    expect(answers[0]).toMatch(/^HTTP\/1\.1 202 /)
    expect(answers[1]).toContain('idempotent-replayed: true')
    const [first, second] = answers.map((answer) => answer.slice(answer.indexOf('\r\n\r\n')))
    expect(second).toBe(first)
  })

  it('order places one and shows its way, and saga shows it again', async () => {
    const from = new Date().toISOString()
    const placed = await cli('order')
    expect(placed).toMatch(/81\.90 EUR {2}Ada {2}paid/)
    const id = /[0-9a-f]{8}-[0-9a-f-]{27}/.exec(placed)?.[0] ?? ''
    const shown = await cli('saga', id)
    for (const type of ['OrderPlaced', 'PaymentAuthorized', 'OrderConfirmed', 'PaymentCaptured', 'OrderPaid']) {
      expect(shown).toContain(type)
    }
    expect(await cli('consume', 'payment.events', from)).toContain(`key ${id}`)
    expect(await cli('sql', 'order', `select status from orders where id = '${id}'`)).toContain('paid')
  })

  it('status and topics tell of every part', async () => {
    const { stdout: status } = await runCliOf(shop)('status')
    for (const part of ['postgres', 'kafka', 'connect', 'relay', 'order', 'payment', 'notification', 'RUNNING']) {
      expect(status).toContain(part)
    }
    expect(await cli('topics')).toContain('order.events')
    expect(await cli('logs', 'order')).toContain('applied')
  })
})
