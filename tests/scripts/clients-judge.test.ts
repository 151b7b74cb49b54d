import { expect, test } from "bun:test";
import { EXCUSES } from "../../scripts/clients/excuses.ts";
import { expectedFailures, type Judged, judge } from "../../scripts/clients/judge.ts";

const HTTP: Judged = { transport: "HTTP", revision: "2026-07-28", capabilities: ["tools"] };
const STDIO: Judged = { ...HTTP, transport: "stdio" };
const passed = { id: "a", status: "SUCCESS" };
const failure = (id: string, errorMessage: string) => ({ id, status: "FAILURE", errorMessage });

test("a scenario that looks for a tool of the suite's own is excused for that tool alone", () => {
  const of = (message: string) => judge("tools-call-image", [failure("image", message)], HTTP);
  expect(of("Unknown tool: test_image_content. There are: …")).toMatchObject({ verdict: "not applicable" });
  expect(of("Internal error")).toMatchObject({ verdict: "failed", why: ["image: Internal error"] });
});

test("what the server sends is held against the schema in every scenario, excused or not", () => {
  const checks = [
    failure("image", "Unknown tool: test_image_content"),
    failure("wire-schema-valid", "test_image_content"),
  ];
  expect(judge("tools-call-image", checks, HTTP)).toMatchObject({ verdict: "failed" });
});

test("what is not declared is excused until it is", () => {
  const checks = [failure("prompts-list", "Method not found")];
  expect(judge("prompts-list", checks, HTTP)).toMatchObject({ verdict: "not applicable" });
  expect(judge("prompts-list", checks, { ...HTTP, capabilities: ["prompts"] })).toMatchObject({ verdict: "failed" });
});

test("one check may be excused where the others count", () => {
  const checks = [passed, failure("sep-2575-http-server-meta-invalid-400", "Expected HTTP 400, got 200")];
  expect(judge("server-stateless", checks, HTTP)).toMatchObject({ verdict: "failed" });
  expect(judge("server-stateless", checks, STDIO)).toMatchObject({ verdict: "passed", passed: 1 });
  const both = [...checks, failure("sep-2575-server-implements-discover", "no")];
  expect(judge("server-stateless", both, STDIO)).toMatchObject({ verdict: "failed" });
});

test("a scenario that found nothing to check has not passed", () => {
  const checks = [
    { id: "wire-schema-valid", status: "SUCCESS" },
    { id: "flag", status: "SKIPPED" },
  ];
  expect(judge("tools-list", checks, HTTP)).toMatchObject({ verdict: "failed", passed: 0 });
  expect(judge("tools-list", [passed], HTTP)).toMatchObject({ verdict: "passed", passed: 1 });
});

test("the suite is told of the scenarios that it has and that hold here, each with its reason", () => {
  const scenarios = ["ping", "tools-call-image", "server-stateless", "dns-rebinding-protection", "prompts-list"];
  const file = expectedFailures(scenarios, true, { ...STDIO, capabilities: ["prompts"] });
  const lines = file.trim().split("\n");
  expect(lines[0]).toBe("server:");
  expect(lines).toContain("  - tools-call-image # looks for the tool `test_image_content`");
  expect(file).toContain("  - dns-rebinding-protection # ");
  expect(file).toContain("  - server-stateless:sep-2575-server-no-log-without-loglevel # ");
  expect(file).not.toMatch(/- (ping|prompts-list|server-stateless) /);
  const whole = expectedFailures(scenarios, false, HTTP);
  expect(whole).toContain("  - prompts-list # ");
  expect(whole).not.toMatch(/server-stateless|dns-rebinding/);
});

test("no check is excused beside its whole scenario for the same transport: the suite would refuse that file", () => {
  for (const { scenario, check, transport } of EXCUSES) {
    if (check === undefined) continue;
    const whole = EXCUSES.filter((other) => other.scenario === scenario && other.check === undefined);
    expect(whole.filter((other) => (other.transport ?? transport) === transport)).toEqual([]);
  }
});
