/** Whole numbers from `min` to `max`, both included; the same ones for the same seed. */
export type Between = (min: number, max: number) => number

/** mulberry32, by Tommy Ettinger (public domain): `Math.random` cannot be seeded. */
export function integersBetween(seed: number): Between {
  let state = seed
  return (min, max) => {
    state = (state + 0x6d2b79f5) | 0
    let mix = Math.imul(state ^ (state >>> 15), state | 1)
    mix ^= mix + Math.imul(mix ^ (mix >>> 7), mix | 61)
    const fraction = ((mix ^ (mix >>> 14)) >>> 0) / 2 ** 32
    return min + Math.floor(fraction * (max - min + 1))
  }
}
