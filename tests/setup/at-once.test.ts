import { expect, test } from "bun:test";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rename, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { setUpHost } from "../../src/setup/carry-out-setup.ts";
import { readConfigFile, replaceConfigFile } from "../../src/setup/config-file.ts";
import { takeAway } from "../../src/setup/take-away.ts";
import { everythingIn, hostCalled, openMachine } from "./support/scratch-machine.ts";

const TEXT = '{\n  "mcpServers": {\n    "a": {} // mine\n  }\n}\n';
const gemini = hostCalled("gemini");

test("two setups at once leave one entry, and uninstall the bytes that were there", async () => {
  for (let round = 0; round < 20; round++) {
    await using machine = await openMachine();
    const path = await machine.give(gemini, TEXT);
    const before = await everythingIn(machine.surroundings.home);
    // The same program twice, and another copy of it.
    const contexts = [machine, machine, machine.movedTo("/srv/ouroboros")];
    const results = await Promise.all(contexts.map((context) => setUpHost(gemini, context)));
    expect(results.filter((result) => "refused" in result)).toEqual([]);
    expect((await readFile(path, "utf8")).match(/"ouroboros"/g)).toHaveLength(1);
    expect(await takeAway(gemini, path, machine)).toMatchObject({ plan: { status: "restore" } });
    expect(await everythingIn(machine.surroundings.home)).toEqual(before);
  }
});

test("of two setups that both make the file one does, and uninstall removes it with the folders the other had made", async () => {
  await using machine = await openMachine();
  const kiro = hostCalled("kiro");
  const first = await setUpHost(kiro, machine, async (file, text) => {
    expect(await setUpHost(kiro, machine)).toMatchObject({ plan: { status: "add" } });
    return await replaceConfigFile(file, text);
  });
  expect(first).toMatchObject({ plan: { status: "same" } });
  expect(await takeAway(kiro, machine.pathOf(kiro), machine)).toMatchObject({ plan: { status: "delete" } });
  expect(await everythingIn(machine.surroundings.home)).toEqual({});
});

test("what a host writes while setup is at it is not lost", async () => {
  await using machine = await openMachine();
  const path = await machine.give(gemini, TEXT);
  let isFirst = true;
  await setUpHost(gemini, machine, async (file, text) => {
    if (isFirst) await writeFile(path, '{ "ui": "new" }');
    isFirst = false;
    return await replaceConfigFile(file, text);
  });
  expect(JSON.parse(await readFile(path, "utf8"))).toMatchObject({ ui: "new", mcpServers: { ouroboros: {} } });
  await takeAway(gemini, path, machine);
  expect(await readFile(path, "utf8")).toBe('{ "ui": "new" }');
  expect(Object.keys(await everythingIn(dirname(path)))).toEqual(["settings.json"]);
});

test.each([false, true])(
  "a file is read also while another program puts it into place again and again (behind a link: %p)",
  async (isLinked) => {
    await using machine = await openMachine();
    const path = await machine.give(gemini, TEXT);
    const asked = isLinked ? `${path}.link` : path;
    if (isLinked) await symlink(path, asked);
    let isOver = false;
    const writing = Array.from({ length: 2 }, async (_, n) => {
      while (!isOver) {
        await writeFile(`${path}.${n}`, TEXT);
        await rename(`${path}.${n}`, path);
      }
    });
    const reading = Array.from({ length: 4 }, async () => {
      for (let n = 0; n < 500; n++) expect(await readConfigFile(asked)).toMatchObject({ path, text: TEXT });
    });
    await Promise.all(reading).finally(() => {
      isOver = true;
    });
    await Promise.all(writing);
  },
);

test("a file that is made, or taken away, in the meantime is not written over", async () => {
  await using machine = await openMachine();
  const path = await machine.give(gemini, TEXT);
  const there = await readConfigFile(path);
  const missing = await readConfigFile(`${path}.other`);
  if ("refused" in there || "refused" in missing) throw new Error("both can be read");
  await writeFile(path, "{}");
  await writeFile(missing.path, "theirs");
  expect([await replaceConfigFile(there, "ours"), await replaceConfigFile(missing, "ours")]).toEqual([false, false]);
  expect([await readFile(path, "utf8"), await readFile(missing.path, "utf8")]).toEqual(["{}", "theirs"]);
  expect(Object.keys(await everythingIn(dirname(path)))).toHaveLength(2);
});

test("killed between the copy and the rename the file is as it was; setup and uninstall work as if nothing had been", async () => {
  await using machine = await openMachine();
  const path = await machine.give(gemini, TEXT);
  const before = await everythingIn(machine.surroundings.home);
  const program = join(import.meta.dirname, "../fixtures/setup/dies-before-rename.ts");
  const child = spawn(process.execPath, [program, "gemini", machine.surroundings.home], { stdio: "ignore" });
  expect(await once(child, "exit")).toEqual([null, "SIGKILL"]);
  expect(await readFile(path, "utf8")).toBe(TEXT);
  const left = Object.keys(await everythingIn(dirname(path)));
  expect(left).toContain("settings.json");
  expect(left.filter((name) => /^settings\.json\.ouroboros-backup-\d{8}T\d{6}Z$/.test(name))).toHaveLength(1);
  expect(left).toHaveLength(2);

  expect(await takeAway(gemini, path, machine)).toMatchObject({ plan: { status: "absent" } });
  expect(await setUpHost(gemini, machine)).toMatchObject({ plan: { status: "add" } });
  expect(await takeAway(gemini, path, machine)).toMatchObject({ plan: { status: "restore" } });
  expect(await everythingIn(machine.surroundings.home)).toEqual(before);
});
