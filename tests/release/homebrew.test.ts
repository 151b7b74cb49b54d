import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { homebrewFormula, writeHomebrewFormula } from "../../scripts/release/homebrew.ts";
import type { Target } from "../../scripts/release/targets.ts";
import { REPOSITORY } from "../../src/setup/update/repository.ts";

const DARWIN = "d".repeat(64);
const LINUX = "1".repeat(64);

test("the formula names each platform's file and its sum, depends on nothing, and tries what it has installed", () => {
  const sums = new Map<Target, string>([
    ["darwin-arm64", DARWIN],
    ["darwin-x64", "e".repeat(64)],
    ["linux-x64", LINUX],
  ]);
  expect(homebrewFormula("1.2.3", sums)).toBe(`class Ouroboros < Formula
  desc "Spec-first workflow runtime for coding agents"
  homepage "${REPOSITORY}"
  version "1.2.3"
  license "MIT"

  on_macos do
    on_arm do
      url "${REPOSITORY}/releases/download/v1.2.3/ouroboros-darwin-arm64"
      sha256 "${DARWIN}"
    end
    on_intel do
      url "${REPOSITORY}/releases/download/v1.2.3/ouroboros-darwin-x64"
      sha256 "${"e".repeat(64)}"
    end
  end

  on_linux do
    on_intel do
      url "${REPOSITORY}/releases/download/v1.2.3/ouroboros-linux-x64"
      sha256 "${LINUX}"
    end
  end

  def install
    bin.install Dir["ouroboros-*"].first => "ouroboros"
    generate_completions_from_executable(bin/"ouroboros", "completions", shells: [:bash, :zsh, :fish])
  end

  test do
    assert_equal version.to_s, shell_output("#{bin}/ouroboros --version").strip
    request = '{"jsonrpc":"2.0","id":1,"method":"ping"}'
    assert_match '"id":1', pipe_output("#{bin}/ouroboros mcp serve", "#{request}\\n", 0)
  end
end
`);
});

test("its sums are those of the files themselves, and without any there is no formula", async () => {
  const folder = await mkdtemp(join(tmpdir(), "ouroboros-homebrew-"));
  try {
    await expect(writeHomebrewFormula(folder, "1.2.3")).rejects.toThrow("there is no binary for Homebrew");
    await writeFile(join(folder, "ouroboros-linux-arm64"), "a program");
    await writeFile(join(folder, "ouroboros-linux-x64-musl"), "another");
    await writeHomebrewFormula(folder, "1.2.3");
    const formula = await readFile(join(folder, "ouroboros.rb"), "utf8");
    expect(formula.match(/sha256 "\w+"/g)).toEqual([
      `sha256 "${new Bun.CryptoHasher("sha256").update("a program").digest("hex")}"`,
    ]);
    expect(formula).not.toContain("on_macos");
  } finally {
    await rm(folder, { recursive: true });
  }
});

const ruby = Bun.which("ruby");
test.skipIf(ruby === null)(`Ruby takes the formula without complaint${ruby ? "" : " (ruby is not installed)"}`, () => {
  const formula = homebrewFormula("1.2.3", new Map([["linux-x64", LINUX]]));
  const { status, stderr } = spawnSync(ruby ?? "", ["-wc"], { input: formula, encoding: "utf8" });
  expect([status, stderr]).toEqual([0, ""]);
});
