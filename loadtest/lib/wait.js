// Time: waiting, deadlines, doing many things a few at a time.

export function sleep(ms) {
  return new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, ms));
  });
}

/** Waits for a moment, in Unix milliseconds. */
export function until(moment) {
  return sleep(moment - Date.now());
}

/** The outcome, or an error with this sentence when it takes longer. */
export function within(ms, promise, sentence) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(sentence)), ms);
    const settle = (how) => (value) => {
      clearTimeout(timer);
      how(value);
    };
    promise.then(settle(resolve), settle(reject));
  });
}

/** Does something with each, so many at the same time; the results in the order of the items. */
export async function eachOf(items, atOnce, work) {
  const results = [];
  let next = 0;
  const worker = async () => {
    while (next < items.length) {
      const place = next;
      next += 1;
      results[place] = await work(items[place], place);
    }
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker));
  return results;
}
