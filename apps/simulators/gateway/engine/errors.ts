import type { GatewayError, Intent } from './state.ts'

/** Thrown for what is wrong with a request before anything was done: said, and not remembered under its key. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused'
  readonly error: GatewayError
  constructor(error: GatewayError) {
    super(error.message)
    this.error = error
  }
}

/** Stripe's words (docs.stripe.com/error-codes). An adapter must go by status, type and code, never by these. */
export const errors = {
  noKey: invalid({
    status: 401,
    message: 'You did not provide an API key. Send it as: Authorization: Bearer YOUR_SECRET_KEY.',
  }),
  wrongKey: invalid({ status: 401, message: 'Invalid API Key provided.' }),
  noSuchUrl: (method: string, path: string) =>
    invalid({ status: 404, message: `Unrecognized request URL (${method}: ${path}).` }),
  notAForm: invalid({ message: 'Send the parameters as application/x-www-form-urlencoded.' }),
  parameter: (code: string, param: string, message: string) => invalid({ code, param, message }),
  noSuchIntent: (id: string) =>
    invalid({ status: 404, code: 'resource_missing', param: 'intent', message: `No such payment_intent: '${id}'` }),
  noIntentToRefund: (id: string) =>
    invalid({ code: 'resource_missing', param: 'payment_intent', message: `No such payment_intent: '${id}'` }),
  noSuchRefund: (id: string) =>
    invalid({ status: 404, code: 'resource_missing', param: 'id', message: `No such refund: '${id}'` }),
  noSuchEvent: (id: string) =>
    invalid({ status: 404, code: 'resource_missing', param: 'id', message: `No such event: '${id}'` }),
  noSuchStart: (what: string, id: string) =>
    invalid({ code: 'resource_missing', param: 'starting_after', message: `No such ${what}: '${id}'` }),
  noSuchPaymentMethod: (id: string) =>
    invalid({ code: 'resource_missing', param: 'payment_method', message: `No such PaymentMethod: '${id}'` }),
  noPaymentMethod: unexpected(
    "You cannot confirm this PaymentIntent because it's missing a payment method. Update it with one, or confirm it with one.",
  ),
  cannotConfirm: ({ status }: Intent) =>
    unexpected(
      `You cannot confirm this PaymentIntent because it has a status of ${status}. Only a PaymentIntent with one of the following statuses may be confirmed: requires_payment_method, requires_confirmation, requires_action.`,
    ),
  /** Of a hold that has lapsed Stripe says so by a code of its own. */
  holdExpired: invalid({
    code: 'charge_expired_for_capture',
    message: 'The charge cannot be captured as the authorization has expired.',
  }),
  cannotCapture: ({ status }: Intent) =>
    unexpected(
      status === 'succeeded'
        ? 'This PaymentIntent could not be captured because it has already been captured.'
        : `This PaymentIntent could not be captured because it has a status of ${status}. Only a PaymentIntent with one of the following statuses may be captured: requires_capture.`,
    ),
  cannotCancel: ({ status }: Intent) =>
    unexpected(
      `You cannot cancel this PaymentIntent because it has a status of ${status}. Only a PaymentIntent with one of the following statuses may be canceled: requires_payment_method, requires_capture, requires_confirmation, requires_action, processing.`,
    ),
  captureTooLarge: (capturable: number) =>
    invalid({
      code: 'amount_too_large',
      param: 'amount_to_capture',
      message: `The amount to capture is larger than the ${capturable} that can be captured.`,
    }),
  nothingToRefund: ({ id }: Intent) =>
    unexpected(`This PaymentIntent (${id}) does not have a successful charge to refund.`),
  alreadyRefunded: (charge: string) =>
    invalid({ code: 'charge_already_refunded', message: `Charge ${charge} has already been refunded.` }),
  refundTooLarge: (amount: number, left: number) =>
    invalid({
      param: 'amount',
      message: `Refund amount (${amount}) is greater than unrefunded amount on charge (${left})`,
    }),
  keyTooLong: { status: 400, type: 'idempotency_error', message: 'An idempotency key has at most 255 characters.' },
  keyOfAnother: (key: string) =>
    ({
      status: 400,
      type: 'idempotency_error',
      message: `Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than '${key}' if you meant to execute a different request.`,
    }) as const,
  keyInUse: (key: string) =>
    ({
      status: 409,
      type: 'idempotency_error',
      code: 'idempotency_key_in_use',
      message: `There is currently another in-progress request using this Idempotency Key: ${key}`,
    }) as const,
  tooMany: {
    status: 429,
    type: 'invalid_request_error',
    code: 'rate_limit',
    message: 'Too many requests at once. Send this one again, later and later each time.',
  },
  internal: { status: 500, type: 'api_error', message: 'Something went wrong in the simulator.' },
} as const

function invalid(error: Omit<GatewayError, 'status' | 'type'> & { status?: 401 | 404 }): GatewayError {
  return { status: 400, ...error, type: 'invalid_request_error' }
}

function unexpected(message: string): GatewayError {
  return invalid({ code: 'payment_intent_unexpected_state', message })
}
