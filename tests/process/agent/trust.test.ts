import { afterEach, expect, setSystemTime, test } from "bun:test";
import { createTrust } from "../../../src/process/agent/trust.ts";
import { until } from "../../support/agent-processes.ts";

const HOUR = 3_600_000;
let close = (): void => {};

afterEach(() => {
  close();
  setSystemTime();
});

function given() {
  const seen: string[] = [];
  const trust = createTrust(
    () => seen.push("lapsed"),
    () => seen.push("returned"),
  );
  close = trust.close;
  return { trust, seen };
}

test("trust is over when nobody extends it, and returns with the next word", async () => {
  const { trust, seen } = given();
  trust.extend(300, Date.now());
  expect(seen).toEqual([]);
  await until(() => seen.length === 1, "it lapses");
  trust.extend(HOUR, Date.now());
  expect(seen).toEqual(["lapsed", "returned"]);
});

test("trust is over when the wall clock jumps ahead, as it does over a sleep", async () => {
  const { trust, seen } = given();
  trust.extend(HOUR, Date.now());
  setSystemTime(new Date(Date.now() + 2 * HOUR));
  await until(() => seen.length === 1, "it lapses");
});

test("trust ends in time by the monotonic clock when the wall clock is set back", async () => {
  const { trust, seen } = given();
  trust.extend(300, Date.now());
  setSystemTime(new Date(Date.now() - HOUR));
  await until(() => seen.length === 1, "it lapses");
});

test("trust is not granted by a word that was a long time on its way, and no longer by a clock ahead of ours", async () => {
  const { trust, seen } = given();
  trust.extend(10_000, Date.now() - 20_000);
  expect(seen).toEqual(["lapsed"]);
  trust.extend(300, Date.now() + HOUR);
  expect(seen).toEqual(["lapsed", "returned"]);
  await until(() => seen.length === 3, "it lapses again");
});
