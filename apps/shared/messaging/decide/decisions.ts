/** The answers of a `decide`, as short as they are meant. */
export const ignored = { is: 'ignored', because: 'late' } as const
export const duplicate = { is: 'ignored', because: 'duplicate' } as const
export const alarm = { is: 'ignored', because: 'alarm' } as const
export const notYet = { is: 'notYet' } as const
export const refused = (because: string): { readonly is: 'refused'; readonly because: string } => ({
  is: 'refused',
  because,
})
