/** What became of one intent and its payment. */
export type Verdict =
  | 'matched'
  /** They differed; `decide` took what the gateway says. */
  | 'repaired'
  /** They differ, and it is for a person. */
  | 'reported'
  /** Something is on its way: the next run will see. */
  | 'left_open'
  /** Made by others who use the same account. */
  | 'not_ours'
