import { test } from "bun:test";

/** Registers tests that need a real program of somebody else. */
export type RealTest = (title: string, body: () => Promise<void>) => void;

/** How long a test that starts real programs may take on a busy machine. */
const LIMIT_MS = 90_000;

/**
 * Tests of a real program: where the project promises to run it (Linux on x64) its absence fails each of them,
 * anywhere else they are skipped, and the test runner counts them.
 */
export function realPart(name: string, available: boolean): RealTest {
  if (available) return (title, body) => test(title, body, LIMIT_MS);
  if (`${process.platform}-${process.arch}` !== "linux-x64") return (title, body) => test.skip(title, body);
  return (title) => {
    test(title, () => {
      throw new Error(`Cannot leave out ${name} on linux-x64: run "npm ci --prefix tests/e2e/clients" first`);
    });
  };
}
