import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { THIRD_PARTY } from "../../scripts/release/licences.ts";
import { releaseName, TARGETS } from "../../scripts/release/targets.ts";
import { serveOptions } from "../../src/serve-options.ts";

/** Docker's names of processors. */
const PROCESSORS = { amd64: "x64", arm64: "arm64" } as const;
/** The stage that is the image: BuildKit fills in the processor. */
const IMAGE = ["FROM for-$", "{TARGETARCH}"].join("");
const text = readFileSync(join(import.meta.dirname, "../../Dockerfile"), "utf8");
const instructions = text
  .replace(/^#.*\n/gm, "")
  .replaceAll(/\\\n\s*/g, "")
  .split("\n")
  .filter((line) => line !== "");

test("the image has the binary with glibc that a release has for its processor, and its licences (read here: there is no engine to build it)", () => {
  for (const [processor, arch] of Object.entries(PROCESSORS)) {
    const at = instructions.indexOf(`FROM base AS for-${processor}`);
    const target = `linux-${arch}` as const;
    expect(instructions[at + 1]).toBe(`COPY --chmod=755 ${releaseName(target)} /usr/local/bin/ouroboros`);
    expect(TARGETS[target].arch).toBe(arch);
  }
  expect(instructions).toContain(IMAGE);
  expect(instructions).toContain(`COPY LICENSE ${THIRD_PARTY} /usr/local/share/doc/ouroboros/`);
  expect(instructions.filter((line) => /^(ADD|COPY)/.test(line))).toHaveLength(3);
});

test("it serves MCP as a user without rights, whose home and store are its own", () => {
  const last = instructions.slice(instructions.indexOf(IMAGE));
  const value = (name: string) => last.find((line) => line.startsWith(`${name} `))?.slice(name.length + 1) ?? "";
  const [, store = ""] = value("ENV").split("OUROBOROS_HOME=");
  expect(value("VOLUME")).toBe(store);
  const made = instructions.find((line) => line.includes("useradd")) ?? "";
  expect(made).toContain(`--owner=${value("USER")} --group=${value("USER")} --mode=700 ${store}`);
  expect(value("USER")).not.toMatch(/^(root|0|)$/);
  const [program, ...args] = [...JSON.parse(value("ENTRYPOINT")), ...JSON.parse(value("CMD"))];
  expect(program).toBe("ouroboros");
  expect(serveOptions(args)).toBeDefined();
});
