import { styleText } from 'node:util'

/** What is written to, as far as color depends on it: none unless it is a terminal, nor where NO_COLOR is set. */
export type ColorStream = NodeJS.WritableStream

/** Ready, paid. */
export const good = (text: string, stream: ColorStream = process.stdout): string => styleText('green', text, { stream })

/** Killed. */
export const bad = (text: string, stream: ColorStream = process.stdout): string => styleText('red', text, { stream })

/** Times and what else stands beside the words. */
export const faint = (text: string, stream: ColorStream = process.stdout): string => styleText('dim', text, { stream })
