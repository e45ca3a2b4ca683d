/**
 * Tells when a browser has reason to look at its connection: the network came or went, or the page was brought back.
 * Elsewhere there is nothing to listen to, and it never calls.
 *
 * @param {() => void} onWake
 * @returns {() => void} stops it
 */
export function watchForWaking(onWake) {
  const { window, document } = globalThis;
  if (window === undefined || document === undefined) return () => {};
  const onVisible = () => {
    if (document.visibilityState === 'visible') onWake();
  };
  window.addEventListener('online', onWake);
  window.addEventListener('offline', onWake);
  document.addEventListener('visibilitychange', onVisible);
  return () => {
    window.removeEventListener('online', onWake);
    window.removeEventListener('offline', onWake);
    document.removeEventListener('visibilitychange', onVisible);
  };
}
