import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { clientsPage } from "../../scripts/clients/page.ts";
import type { Report, Visit } from "../../scripts/clients/report.ts";

const PAGE = readFileSync(join(import.meta.dirname, "../../docs/clients.md"), "utf8");

const good: Visit = {
  connected: { ok: true, said: "yes" },
  listed: { ok: true, said: "16 of 16" },
  called: { ok: true, said: "0 events" },
  connectMs: 949,
  printed: ["$ some mcp list", "ouroboros: ✔ Connected"],
};
const bad: Visit = {
  ...good,
  connected: { ok: false, said: "timed | out\nafter 30 s" },
  called: { ok: true, said: "completed" },
  connectMs: null,
};
const row = { client: "Some", version: "1.2", transport: "stdio", setup: "`some add`", empty: good } as const;
const scenario = { passed: 0, why: [] };
const report: Report = {
  date: "2026-11-22",
  version: "1.0.0",
  machine: "2 cores",
  load: 0,
  offline: true,
  tools: { byDefault: 16, all: 27 },
  largeStore: { events: 165_057, bytes: 1_441_615_872 },
  capabilities: ["tools"],
  clients: [{ ...row, large: bad }],
  conformance: [
    {
      suite: "0.1",
      revision: "2025-11-25",
      transport: "HTTP",
      exitCode: 1,
      scenarios: [
        { ...scenario, scenario: "ping", verdict: "passed", passed: 2 },
        { ...scenario, scenario: "tools-list", verdict: "failed", why: ["it lies"] },
        { ...scenario, scenario: "tools-call-image", verdict: "not applicable", why: ["looks for the tool `x`"] },
      ],
    },
    {
      suite: "0.1",
      revision: "2025-11-25",
      transport: "stdio",
      exitCode: 0,
      scenarios: [{ ...scenario, scenario: "ping", verdict: "not applicable", why: ["is about HTTP"] }],
    },
  ],
};

test("a client's line says what each store came to, and once where both came to the same", () => {
  expect(clientsPage(report)).toContain(
    "\n| Some | 1.2 | `some add` | stdio | yes; **no**: timed \\| out after 30 s | 16 of 16 | 0 events; completed | 949 ms | did not |\n",
  );
  expect(clientsPage({ ...report, clients: [{ ...row, large: null }] })).toContain(
    "| yes | 16 of 16 | 0 events | 949 ms | not tried |",
  );
});

test("a scenario stands among those that count as soon as it counts once, else with its reason", () => {
  const page = clientsPage(report);
  expect(page).toContain("\n| 2025-11-25 | HTTP | 0.1 | 1 | 1 | 1 | exit code 1 |\n");
  expect(page).toContain("\n| 2025-11-25 | stdio | 0.1 | 0 | 0 | 1 | as expected |\n");
  expect(page).toContain("\n| ping | passed (2) | n/a | is about HTTP |\n");
  expect(page).toContain("\n| tools-list | **failed** |  | it lies |\n");
  expect(page).toContain("\n| tools-call-image | looks for the tool `x` |\n");
});

test("docs/clients.md is of this format, shows no failure, and nothing of the machine it was made on", () => {
  const frame = (page: string) =>
    page.split("\n").filter((line) => /^#|^\| (client|revision|scenario \| why) \|/.test(line));
  expect(frame(PAGE)).toEqual(frame(clientsPage(report)));
  expect(PAGE).not.toContain("**failed**");
  expect(PAGE).not.toContain("**no**");
  expect(PAGE).not.toMatch(/(^|[\s("`])\/(tmp|root|home|work|Users)\//m);
});
