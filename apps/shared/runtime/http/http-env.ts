/** What the middleware leaves for handlers: `merchantId` behind `authenticate`, `operator` behind
 * `authenticateOperator`, `requestId` always. */
export interface HttpEnv {
  Variables: { requestId: string; merchantId: string; operator: string }
}
