import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { join } from "node:path";
import type { Refusal } from "../../src/base/refusal.ts";
import { isRefusal } from "../../src/base/refusal.ts";
import type { Answer, Cli } from "../../src/cli/command.ts";
import { jobCancel } from "../../src/cli/commands/job-cancel.ts";
import { jobList } from "../../src/cli/commands/job-list.ts";
import { jobResult } from "../../src/cli/commands/job-result.ts";
import { jobStatus } from "../../src/cli/commands/job-status.ts";
import { jobWait } from "../../src/cli/commands/job-wait.ts";
import { exitCodeOf } from "../../src/cli/exit-code.ts";
import { styleFor } from "../../src/cli/style.ts";
import { type GivenStore, givenOrphan, givenStore } from "../support/given-store.ts";

// A loaded machine may take its time; nothing here waits that long by itself.
setDefaultTimeout(30_000);

/** Somebody at a terminal, or a program; what goes to stderr is kept, and `onError` is told of each line. */
function caller({ forPeople = false, onError = async (_line: string) => {} } = {}) {
  const said: string[] = [];
  const stop = new AbortController();
  const closed = new AbortController().signal;
  const cli: Cli = {
    process: { stdout: { write: () => {} }, stderr: { write: () => {} } },
    output: { closed, write: async () => {} },
    errors: {
      closed,
      async write(line) {
        said.push(line);
        await onError(line);
      },
    },
    style: styleFor({ isTTY: forPeople, columns: 100 }, { NO_COLOR: "1" }),
    interruption: { begin() {}, signal: stop.signal, bySignal: false, expired: new Promise(() => {}) },
  };
  return { cli, said, stop };
}

function flagsOf({ home }: GivenStore) {
  return { db: join(home, "ouroboros.db"), json: false };
}

function answered(outcome: Answer | Refusal | number): Answer & { json: Record<string, unknown> } {
  if (typeof outcome === "number" || isRefusal(outcome)) throw new Error(`No answer: ${JSON.stringify(outcome)}`);
  return outcome as Answer & { json: Record<string, unknown> };
}

async function givenJob(...rows: [type: string, payload: Record<string, unknown>][]) {
  const given = await givenStore();
  await given.appendRow({ type: "mcp.job.created", aggregate: "job", id: "job_1", payload: { job_type: "ralph" } });
  for (const [type, payload] of rows) {
    await given.appendRow({ type: `mcp.job.${type}`, aggregate: "job", id: "job_1", payload });
  }
  return given;
}

describe("looking", () => {
  test("job list is a table for people and bare lines for programs, with a way to the next page", async () => {
    await using given = await givenStore({ events: 400, sessions: 4 });
    const flags = flagsOf(given);
    const { text, json } = answered(await jobList(caller({ forPeople: true }).cli, { ...flags, limit: 1 }));
    const [heading, ...lines] = text.trimEnd().split("\n");
    expect(heading).toMatch(/^STATUS\s+JOB\s+TYPE\s+SESSION\s+CREATED \(UTC\)\s+MESSAGE$/);
    expect(lines).toHaveLength(2);
    expect(lines[1]).toBe(`More: ouroboros job list --cursor ${json.cursor}`);
    const plain = answered(await jobList(caller().cli, { ...flags, limit: 1 }))
      .text.trimEnd()
      .split("\n");
    expect(plain.map((line) => line.split("\t")[1])).toEqual(
      (json.jobs as { job_id: string }[]).map(({ job_id }) => job_id),
    );
    await using empty = await givenStore();
    expect(answered(await jobList(caller({ forPeople: true }).cli, flagsOf(empty))).text).toBe("No jobs.\n");
  });

  test("job status names the job, its session and why it stands so", async () => {
    await using given = await givenOrphan("stale");
    const { job_id, session_id } = given.only;
    const { text, json } = answered(await jobStatus(caller().cli, flagsOf(given), String(job_id)));
    expect(text).toContain(`Job: ${job_id}\nType: execute_seed\nStatus: interrupted\nWhy: no owner`);
    expect(text).toContain(`Session: ${session_id}\n`);
    expect(json).toMatchObject({ job_id, status: "interrupted", session_id });
  });

  test("job result prints the text alone; exit code 1 for an end that is no success, 3 while there is none", async () => {
    const result = async (...rows: [string, Record<string, unknown>][]) => {
      await using given = await givenJob(...rows);
      return answered(await jobResult(caller().cli, flagsOf(given), "job_1"));
    };
    expect(await result(["completed", { result_text: "one\n\x1b[31mtwo" }])).toMatchObject({
      text: "one\n[31mtwo\n",
      exitCode: 0,
    });
    expect(await result(["failed", { error: "boom" }])).toMatchObject({ text: "boom\n", exitCode: 1 });
    expect(await result()).toMatchObject({ exitCode: 3, text: expect.stringContaining("Status: queued") });
  });

  test("an id that names no job is refused with exit code 2", async () => {
    await using given = await givenStore();
    for (const command of [jobStatus, jobResult, jobWait, jobCancel]) {
      const outcome = await command(caller().cli, flagsOf(given), "job_9");
      expect(outcome).toMatchObject({ refused: true, code: "job_handle_not_found" });
      expect(exitCodeOf(outcome)).toBe(2);
    }
  });
});

describe("job wait", () => {
  const update = { type: "mcp.job.updated", aggregate: "job", id: "job_1" } as const;

  test("waits for the end, telling on stderr how far it is", async () => {
    await using given = await givenJob();
    const onError = async () =>
      void (await given.appendRow({ ...update, type: "mcp.job.completed", payload: { message: "Done" } }));
    const { cli, said } = caller({ onError });
    // The wait may have begun before or after a row: rows go on coming until it has told of one.
    const waiting = jobWait(cli, flagsOf(given), "job_1");
    for (let n = 1; said.length === 0; n++) {
      await given.appendRow({ ...update, payload: { status: "running", message: `Step ${n}` } });
      await Promise.race([waiting, Bun.sleep(100)]);
    }
    expect(answered(await waiting)).toMatchObject({ exitCode: 0, json: { status: "completed", changed: true } });
    expect(said[0]).toMatch(/^job_1: running, Step \d+\n$/);
  });

  test("ends with 3 when the time was over first, and with 0 when what was waited for came", async () => {
    await using given = await givenJob();
    const { cli } = caller();
    const flags = { ...flagsOf(given), timeoutSeconds: 0 };
    expect(answered(await jobWait(cli, flags, "job_1"))).toMatchObject({ exitCode: 3, json: { wait_timed_out: true } });
    const any = { ...flags, waitFor: "any" } as const;
    expect(answered(await jobWait(cli, any, "job_1"))).toMatchObject({ exitCode: 0, json: { changed: true } });
  });

  test("ends with 1 for an end that is no success", async () => {
    await using given = await givenJob(["failed", {}]);
    expect(answered(await jobWait(caller().cli, flagsOf(given), "job_1")).exitCode).toBe(1);
  });

  test("ends with 130 when it is interrupted", async () => {
    await using given = await givenJob();
    const { cli, stop, said } = caller({ onError: async () => stop.abort() });
    const waiting = jobWait(cli, flagsOf(given), "job_1");
    for (let n = 1; said.length === 0; n++) {
      await given.appendRow({ ...update, payload: { status: "running", message: `Step ${n}` } });
      await Promise.race([waiting, Bun.sleep(100)]);
    }
    expect(await waiting).toBe(130);
  });
});

test("job cancel says what it came to", async () => {
  await using given = await givenJob();
  const flags = { ...flagsOf(given), reason: "no need" };
  const { text, json } = answered(await jobCancel(caller().cli, flags, "job_1"));
  expect(text).toBe("job_1: its owner was asked to stop. It is now cancel_requested.\n");
  expect(json).toMatchObject({ outcome: "cancel_requested", status: "cancel_requested", message: "no need" });
});
