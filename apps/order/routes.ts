import { createRoute } from '@hono/zod-openapi'
import { failure, json } from '#runtime'
import {
  keyAllowed,
  keyRequired,
  listQuery,
  orderBody,
  orderListBody,
  orderPath,
  placeOrderBody,
  refundBody,
  refundListBody,
  refundRequestBody,
} from './schemas.ts'

const failures = {
  400: failure('The request is not valid; `errors` names the fields'),
  401: failure('No valid API key'),
  503: failure('Not available now: send the same request again, after `Retry-After` seconds'),
}
const unknownOrder = failure('There is no such order')

export const placeRoute = createRoute({
  method: 'post',
  path: '/orders',
  summary: 'Place an order',
  request: {
    headers: keyRequired,
    body: { required: true, content: { 'application/json': { schema: placeOrderBody } } },
  },
  responses: {
    202: json(orderBody, 'Placed; the payment follows. `Location` is its address, `ETag` its version'),
    ...failures,
    422: failure('The Idempotency-Key stands for another request'),
  },
})

export const cancelRoute = createRoute({
  method: 'post',
  path: '/orders/{id}/cancel',
  summary: 'Cancel an order; the money follows',
  request: { headers: keyAllowed, params: orderPath },
  responses: {
    200: json(orderBody, 'Was cancelled already'),
    202: json(orderBody, 'Cancelled for good; `settled` tells when the money has followed'),
    ...failures,
    404: unknownOrder,
    409: failure('The order has been refunded'),
    422: failure('The Idempotency-Key stands for another request'),
  },
})

export const refundRoute = createRoute({
  method: 'post',
  path: '/orders/{id}/refunds',
  summary: 'Refund a paid order, all that is left unless an amount is given',
  request: {
    headers: keyRequired,
    params: orderPath,
    body: { required: true, content: { 'application/json': { schema: refundRequestBody } } },
  },
  responses: {
    202: json(refundBody, 'Requested'),
    ...failures,
    404: unknownOrder,
    409: failure('The order is not paid, or cancelled'),
    422: failure('More than what is left, or an Idempotency-Key of another request'),
  },
})

export const getRoute = createRoute({
  method: 'get',
  path: '/orders/{id}',
  summary: 'An order',
  request: { params: orderPath },
  responses: { 200: json(orderBody, 'With its version as `ETag`'), ...failures, 404: unknownOrder },
})

export const listRoute = createRoute({
  method: 'get',
  path: '/orders',
  summary: 'Orders, newest first',
  request: { query: listQuery },
  responses: { 200: json(orderListBody, 'A page; `nextCursor` while there are more'), ...failures },
})

export const listRefundsRoute = createRoute({
  method: 'get',
  path: '/orders/{id}/refunds',
  summary: 'The refunds of an order',
  request: { params: orderPath },
  responses: { 200: json(refundListBody, 'In the order of their requests'), ...failures, 404: unknownOrder },
})
