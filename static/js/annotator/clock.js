/* Seconds of work on a document: time while the page is visible and the person has done
   something within the last half minute. */

export const IDLE_AFTER_MS = 30_000;

export function createClock(now = () => performance.now()) {
  let total = 0;
  let last = now();
  let running = true;
  const open = (moment) => (running ? Math.min(moment - last, IDLE_AFTER_MS) : 0);
  const settle = () => {
    const moment = now();
    total += open(moment);
    last = moment;
  };
  return {
    /** A key, a click, a scroll. */
    touch() { settle(); running = true; },
    pause() { settle(); running = false; },
    resume() { settle(); running = true; },
    /** Work that was done before the page was opened. */
    atLeast(seconds) { total += Math.max(0, seconds * 1000 - total - open(now())); },
    get seconds() { return (total + open(now())) / 1000; },
  };
}
