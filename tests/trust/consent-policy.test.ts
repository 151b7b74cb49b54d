import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readConfig } from "../../src/config.ts";

test("whether this user is asked is said by the environment, else by their own file, else they are; other words are refused", async () => {
  const home = mkdtempSync(join(tmpdir(), "ouroboros-trust-"));
  const read = (env: Record<string, string> = {}) => readConfig({}, { OUROBOROS_HOME: home, ...env });
  const write = (text: string) => writeFileSync(join(home, "config.yaml"), text);
  try {
    expect((await read()).consent).toBe("ask");
    expect((await read({ OUROBOROS_CONSENT_CHECKS: "always" })).consent).toBe("always");
    write("consent: { checks: always, check: never }\n");
    expect(await read()).toMatchObject({ consent: "always", unknownKeys: ["consent.check"] });
    expect((await read({ OUROBOROS_CONSENT_CHECKS: "ask" })).consent).toBe("ask");
    expect((await read({ OUROBOROS_CONSENT_CHECKS: "" })).consent).toBe("always");
    await expect(read({ OUROBOROS_CONSENT_CHECKS: "true" })).rejects.toMatchObject({ code: "bad_environment" });
    write("consent: { checks: never }\n");
    await expect(read()).rejects.toMatchObject({ code: "bad_config" });
  } finally {
    rmSync(home, { recursive: true });
  }
});
