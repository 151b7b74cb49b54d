import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Check, expectedFailures, type Judged, judge } from "./judge.ts";
import type { ConformanceRun, ScenarioResult } from "./report.ts";
import { type Given, openStage, type Stage } from "./stage.ts";
import { openBridge } from "./stdio-bridge.ts";
import type { Tools } from "./tools.ts";

interface Suite {
  readonly name: string;
  readonly node: string;
  readonly program: string;
  readonly revision: string;
  readonly choice: readonly string[];
  /** It can excuse single checks. */
  readonly byCheck: boolean;
  /** Scenarios that no revision asks for, of extensions that a server may declare. */
  readonly more: readonly string[];
}

interface Circumstances {
  readonly binary: string;
  readonly tools: Tools;
  readonly given: Given;
  readonly capabilities: readonly string[];
  readonly say: (line: string) => void;
}

const TRANSPORTS = ["HTTP", "stdio"] as const;
const SKILLS = ["sep-2640-skills-directory", "sep-2640-skills-enumeration", "sep-2640-skills-manifest"];

/** Every server scenario of the conformance suites, in both eras of the protocol and over both transports. */
export async function runConformance({
  binary,
  tools,
  given,
  capabilities,
  say,
}: Circumstances): Promise<ConformanceRun[]> {
  const runs: ConformanceRun[] = [];
  for (const suite of suitesOf(tools)) {
    for (const transport of TRANSPORTS) {
      await using stage = await openStage(binary, transport, given);
      const run = await runSuite(stage, suite, { transport, revision: suite.revision, capabilities });
      runs.push(run);
      const counts = (["passed", "not applicable", "failed"] as const).map(
        (verdict) => `${run.scenarios.filter((one) => one.verdict === verdict).length} ${verdict}`,
      );
      say(`conformance ${suite.name}, ${suite.revision} over ${transport}: ${counts.join(", ")}`);
    }
  }
  return runs;
}

function suitesOf({ versions, node, conformance, preview }: Tools): Suite[] {
  const newer = { name: versions.preview, node, program: preview, byCheck: true };
  const required = (revision: string) => ({ ...newer, revision, choice: ["--requirements", revision] });
  return [
    {
      name: versions.conformance,
      node,
      program: conformance,
      revision: "2025-11-25",
      choice: ["--suite", "all"],
      byCheck: false,
      more: [],
    },
    { ...required("2025-11-25"), more: [] },
    { ...required("2026-07-28"), more: SKILLS },
  ];
}

async function runSuite(stage: Stage, suite: Suite, judged: Judged): Promise<ConformanceRun> {
  const { name, node, program, revision, choice, byCheck, more } = suite;
  const { transport } = judged;
  await using bridge = transport === "HTTP" ? undefined : await openBridge(overStdio(stage));
  const results = join(stage.sandbox.home, "results");
  const baseline = join(stage.sandbox.home, "expected-failures.yml");
  await writeFile(baseline, expectedFailures(await scenariosOf(stage, suite), byCheck, judged));
  const run = (...args: string[]) =>
    stage.run(node, [program, "server", "--url", bridge?.url ?? stage.url, ...args, "--output-dir", results], {
      limit: 120_000,
    });
  const { code } = await run(...choice, "--expected-failures", baseline);
  for (const scenario of more) await run("--scenario", scenario);
  const scenarios: ScenarioResult[] = [];
  for (const folder of (await readdir(results)).sort()) {
    const [, scenario = folder] = /^server-(.+)-\d{4}-\d\d-\d\dT.*$/.exec(folder) ?? [];
    const checks: Check[] = JSON.parse(await readFile(join(results, folder, "checks.json"), "utf8"));
    scenarios.push(judge(scenario, checks, judged));
  }
  return { suite: name, revision, transport, exitCode: code, scenarios };
}

function overStdio({ binary, sandbox }: Stage) {
  return { command: binary, args: ["mcp", "serve"], env: sandbox.env, cwd: sandbox.home };
}

async function scenariosOf(stage: Stage, { node, program, choice }: Suite): Promise<string[]> {
  const only = choice[0] === "--requirements" ? choice : [];
  const { stdout } = await stage.run(node, [program, "list", "--server", ...only]);
  return [...stdout.matchAll(/^\s+- ([\w-]+)/gm)].flatMap(([, name]) => name ?? []);
}
