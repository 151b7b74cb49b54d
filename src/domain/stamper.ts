/** Hands out strictly rising microsecond times: the clock has milliseconds, and ties would lose the order of a program. */
export type Stamper = (notBefore?: number) => number;

/** A stamper over a millisecond clock. Each time is later than every one before it and than `notBefore`, whatever the clock does. */
export function createStamper(nowMs: () => number): Stamper {
  let last = 0;
  return (notBefore = 0) => {
    last = Math.max(nowMs() * 1000, last + 1, notBefore + 1);
    return last;
  };
}
