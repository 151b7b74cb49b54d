import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { until } from "../../support/agent-processes.ts";
import type { CliHome } from "./ouroboros.ts";
import { configure } from "./small-agents.ts";

const PROGRAM = join(import.meta.dirname, "../../fixtures/minds/interviewer.ts");

/** A small mind that holds interviews in a home; see its fixture for what it says. */
export interface Interviewer {
  /** What it was asked for, in order: `turn <answers so far>` or `seed`. */
  asked(): string[];
  /** From now on it thinks until it is let go. */
  hold(): void;
  letGo(): void;
  /** Waits until it is thinking about this. */
  thinks(about: string): Promise<void>;
  /** From now on it fails, or does no longer. */
  fail(fails: boolean): void;
}

/** Configures it as the mind of a home. */
export function withInterviewer(home: CliHome): Interviewer {
  const log = join(home.home, "asked");
  const command = JSON.stringify([process.execPath, PROGRAM, log]);
  configure(home, `runtimes: { small: { command: ${command} } }\nminds: { standard: small, deep: small }\n`);
  const asked = () => (existsSync(log) ? readFileSync(log, "utf8").trim().split("\n") : []);
  return {
    asked,
    hold: () => writeFileSync(`${log}.wait`, ""),
    letGo: () => rmSync(`${log}.wait`),
    thinks: (about) => until(() => asked().at(-1) === about, `the mind thinks about ${about}`),
    fail: (fails) => (fails ? writeFileSync(`${log}.fail`, "") : rmSync(`${log}.fail`)),
  };
}
