import { describe, expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import packageJson from "../../package.json" with { type: "json" };
import { TARGETS } from "../../scripts/release/targets.ts";

const ROOT = join(import.meta.dirname, "../..");
const FOLDER = join(ROOT, ".github/workflows");

interface Step {
  readonly uses?: string;
  readonly run?: string;
  readonly if?: string;
  readonly with?: Readonly<Record<string, unknown>>;
}

interface Job {
  readonly needs?: string | readonly string[];
  readonly if?: string;
  readonly environment?: string;
  readonly permissions?: Readonly<Record<string, string>>;
  readonly "timeout-minutes"?: number;
  readonly strategy?: { readonly matrix: { readonly include: readonly Readonly<Record<string, string>>[] } };
  readonly steps: readonly Step[];
}

interface Workflow {
  readonly permissions: Readonly<Record<string, string>>;
  readonly jobs: Readonly<Record<string, Job>>;
}

const release = workflow("release.yml");

describe.each(readdirSync(FOLDER))("%s", (name) => {
  const { permissions, jobs } = workflow(name);
  const steps = Object.values(jobs).flatMap((job) => job.steps);
  const runs = steps.flatMap(({ run }) => run ?? []);

  test("every action is pinned to a whole version, and no checkout leaves its credentials behind", () => {
    const uses = steps.flatMap(({ uses }) => uses ?? []);
    expect(uses.length).toBeGreaterThan(0);
    expect(uses.filter((one) => !/^[\w-]+\/[\w-]+@v\d+\.\d+\.\d+$/.test(one))).toEqual([]);
    for (const step of steps.filter(({ uses }) => uses?.startsWith("actions/checkout@"))) {
      expect(step.with?.["persist-credentials"]).toBe(false);
    }
  });

  test("jobs may read unless one says more, no secret is named, and each has an end", () => {
    expect(permissions).toEqual({ contents: "read" });
    expect(readFileSync(join(FOLDER, name), "utf8")).not.toContain("secrets.");
    expect(Object.values(jobs).filter((job) => !((job["timeout-minutes"] ?? 0) > 0))).toEqual([]);
  });

  test("commands are a shell's own words: nothing is pasted into them, and what they call is there", () => {
    expect(runs.filter((run) => run.includes("${{"))).toEqual([]);
    for (const run of runs) {
      expect(spawnSync("sh", ["-n"], { input: run, encoding: "utf8" }).stderr).toBe("");
      for (const [, script = ""] of run.matchAll(/\bbun run ([\w-]+)/g)) {
        expect(Object.keys(packageJson.scripts)).toContain(script);
      }
      for (const [path] of run.matchAll(/\bscripts\/[\w./-]+/g))
        expect([path, existsSync(join(ROOT, path))]).toEqual([path, true]);
    }
  });
});

test("every target of a release is tried once, on a machine of its kind", () => {
  const tried = release.jobs.try?.strategy?.matrix.include ?? [];
  expect(tried.map(({ target }) => target).sort()).toEqual(Object.keys(TARGETS).sort());
  const runners: Readonly<Record<string, RegExp>> = {
    "linux-x64": /^ubuntu-[\d.]+$/,
    "linux-arm64": /^ubuntu-[\d.]+-arm$/,
    "darwin-x64": /^macos-\d+-intel$/,
    "darwin-arm64": /^macos-\d+$/,
    "windows-x64": /^windows-\d+$/,
  };
  for (const { target = "", runner, image } of tried) {
    expect(runner).toMatch(runners[target.replace("-musl", "")] ?? /^none$/);
    // musl is Alpine's C library.
    expect(image === undefined ? "none" : image).toMatch(target.endsWith("-musl") ? /^node:\d+-alpine$/ : /^none$/);
  }
});

test("nothing leaves this repository before the gate has passed, everything was signed and tried, and only of a tag", () => {
  for (const name of ["draft", "npm", "image", "publish"]) {
    expect([...before(name)]).toEqual(expect.arrayContaining(["gate", "build", "sign", "assemble", "try"]));
  }
  expect(release.jobs.draft?.if).toBe("github.ref_type == 'tag'");
  for (const name of ["npm", "image", "publish"]) expect(before(name)).toContain("draft");
  // Whoever approves does so before the first thing that cannot be taken back.
  expect(release.jobs.npm?.environment).toBe("release");
  for (const name of ["image", "publish"]) expect(before(name)).toContain("npm");
});

test("each job may write only what it is for", () => {
  const rights = Object.entries(release.jobs).flatMap(([name, { permissions }]) =>
    permissions === undefined ? [] : [[name, permissions] as const],
  );
  expect(Object.fromEntries(rights)).toEqual({
    draft: { contents: "write", "id-token": "write", attestations: "write" },
    npm: { "id-token": "write" },
    image: { contents: "read", packages: "write" },
    publish: { contents: "write" },
  });
});

test("the sums are made after the signing, checked, attested, and nothing is changed in between", () => {
  const steps = release.jobs.assemble?.steps ?? [];
  expect(before("assemble")).toContain("sign");
  const at = steps.findIndex(({ run }) => run?.includes("bun run release"));
  expect(steps[at]?.run).toContain("sha256sum --check --strict SHA256SUMS");
  expect(steps.slice(at + 1).some(({ run }) => /codesign|chmod|mv /.test(run ?? ""))).toBe(false);
  const attest = release.jobs.draft?.steps.find(({ uses }) => uses?.startsWith("actions/attest-build-provenance@"));
  expect(attest?.with).toEqual({ "subject-checksums": "files/SHA256SUMS" });
});

test("npm's packages are published with provenance, the launcher's last", () => {
  const run = release.jobs.npm?.steps.find((step) => step.run?.includes("npm publish"))?.run ?? "";
  expect(run).toContain("--provenance --access public");
  expect(run).toMatch(/for folder in npm\/ouroboros-mcp-\* npm\/ouroboros-mcp; do/);
});

/** Every job that has to succeed before this one begins. */
function before(name: string, seen: Set<string> = new Set()): Set<string> {
  for (const one of [release.jobs[name]?.needs ?? []].flat()) {
    if (!seen.has(one)) before(one, seen.add(one));
  }
  return seen;
}

function workflow(name: string): Workflow {
  return parse(readFileSync(join(FOLDER, name), "utf8"));
}
