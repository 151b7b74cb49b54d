import { expect, test } from "bun:test";
import { Gate, type Phase } from "../../src/startup/gate.ts";
import { StoreError } from "../../src/store/engine/store-error.ts";

/** A gate that has come as far as this. */
function gateAt(phase: Phase): Gate {
  const gate = new Gate();
  gate.enter(phase);
  return gate;
}

/** What a waiting call is told, or that it is waiting still once everything that was due has run. */
async function stateOf(call: Promise<unknown>): Promise<unknown> {
  const turn = new Promise((resolve) => setImmediate(() => setImmediate(() => resolve("waiting"))));
  return Promise.race([call, turn]);
}

const BEFORE_OPEN: Phase[] = ["starting", "opening", "catching_up"];
const OPEN: Phase[] = ["ready", "post_serve", "settled", "degraded:sweep"];
const ALL: Phase[] = [...BEFORE_OPEN, "pre_serve", ...OPEN, "degraded:store", "stopped"];

test.each(ALL)("a call that needs no store passes at once in phase %s", async (phase) => {
  expect(await stateOf(gateAt(phase).admit("none"))).toBeUndefined();
});

test.each(OPEN)("everything passes at once in phase %s", async (phase) => {
  const gate = gateAt(phase);
  expect(await stateOf(gate.admit("reads"))).toBeUndefined();
  expect(await stateOf(gate.admit("acts"))).toBeUndefined();
});

test("during the first clean-up reads pass and acts wait", async () => {
  const gate = gateAt("pre_serve");
  expect(await stateOf(gate.admit("reads"))).toBeUndefined();
  const act = gate.admit("acts");
  expect(await stateOf(act)).toBe("waiting");
  gate.enter("ready");
  expect(await stateOf(act)).toBeUndefined();
});

test.each(BEFORE_OPEN)(
  "reads and acts wait in phase %s and go on as soon as the phase they need is there",
  async (phase) => {
    const gate = gateAt(phase);
    const calls = { reads: gate.admit("reads"), acts: gate.admit("acts") };
    expect([await stateOf(calls.reads), await stateOf(calls.acts)]).toEqual(["waiting", "waiting"]);
    gate.enter("catching_up");
    expect([await stateOf(calls.reads), await stateOf(calls.acts)]).toEqual(["waiting", "waiting"]);
    gate.enter("pre_serve");
    expect([await stateOf(calls.reads), await stateOf(calls.acts)]).toEqual([undefined, "waiting"]);
    gate.enter("ready");
    expect(await stateOf(calls.acts)).toBeUndefined();
  },
);

test("every waiting call wakes, not only the first", async () => {
  const gate = gateAt("opening");
  const calls = Array.from({ length: 50 }, () => gate.admit("acts"));
  gate.enter("settled");
  expect(await Promise.all(calls)).toEqual(Array(50).fill(undefined));
});

test("a call that lost its patience is told the phase and when to come back", async () => {
  const gate = gateAt("pre_serve");
  const began = performance.now();
  const refusal = await gate.admit("acts");
  const waited = performance.now() - began;
  expect(refusal).toMatchObject({
    refused: true,
    code: "not_ready",
    facts: { phase: "pre_serve", retry_after_ms: 1_000 },
  });
  expect(refusal?.message).toContain("pre_serve");
  expect(waited).toBeWithin(1_900, 4_000);
});

test("a call that is given up while it waits is answered at once, with the phase", async () => {
  const gate = gateAt("opening");
  const call = new AbortController();
  const read = gate.admit("reads", call.signal);
  expect(await stateOf(read)).toBe("waiting");
  call.abort();
  expect(await stateOf(read)).toMatchObject({ code: "not_ready", facts: { phase: "opening" } });
  expect(await stateOf(gate.admit("acts", call.signal))).toMatchObject({ code: "not_ready" });
});

test("a server that stops refuses whoever waits, at once", async () => {
  const gate = gateAt("opening");
  const act = gate.admit("acts");
  gate.enter("stopped");
  expect(await stateOf(act)).toMatchObject({ code: "not_ready", facts: { phase: "stopped" } });
});

test("without a store calls are refused with the cause, also those that wait, and pass once it is there", async () => {
  const gate = gateAt("opening");
  const waiting = gate.admit("reads");
  expect(await stateOf(waiting)).toBe("waiting");
  gate.enter("degraded:store", new StoreError("store_full", "Cannot use the store /a.db: the disk is full"));
  const refusal = {
    refused: true,
    code: "store_unavailable",
    message: "Cannot use the store /a.db: the disk is full",
    facts: { phase: "degraded:store", cause: "store_full", retry_after_ms: 2_000 },
  };
  expect(await stateOf(waiting)).toMatchObject(refusal);
  const acting = await stateOf(gate.admit("acts"));
  expect(acting).toMatchObject({ ...refusal, next: expect.stringContaining("Free some space on that disk") });
  expect(gate.trouble?.code).toBe("store_full");
  gate.enter("pre_serve");
  expect(await stateOf(gate.admit("reads"))).toBeUndefined();
  gate.enter("ready");
  expect(await stateOf(gate.admit("acts"))).toBeUndefined();
  expect(gate.trouble).toBeUndefined();
});
