/**
 * Chance that can be had again: the same numbers for the same seed.
 *
 * @param {number} seed
 */
export function chanceOf(seed) {
  let state = seed * 2_654_435_761;
  const next = () => {
    state = (state + 1_831_565_813) % 4_294_967_296;
    const mixed = Math.imul(Math.floor(state / 32_768) + state, 2_246_822_519);
    return (Math.abs(Math.imul(Math.floor(mixed / 8_192) + mixed, 3_266_489_917)) % 1_000_003) / 1_000_003;
  };
  return {
    /** Whether something with this probability happens. @param {number} share */
    is: (share) => next() < share,
    /** From `low` to `high`, both possible. @param {number} low @param {number} high */
    between: (low, high) => low + Math.floor(next() * (high - low + 1)),
    /** @template T @param {T[]} list @returns {T} */
    of: (list) => list[Math.floor(next() * list.length)],
  };
}
