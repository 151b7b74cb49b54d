/** Hands out microsecond times for new events: rising with each call, and later than `notBefore` where one is given. */
export type Stamper = (notBefore?: number) => number;

/**
 * A stamper over a millisecond clock: ties would lose the order of a program, and a clock set back the order of a session.
 * A session whose rows lie in the future is followed by its own next row only; it does not drag everybody's times along.
 */
export function createStamper(nowMs: () => number): Stamper {
  let last = 0;
  return (notBefore = 0) => {
    last = Math.max(nowMs() * 1000, last + 1);
    return Math.max(last, notBefore + 1);
  };
}
