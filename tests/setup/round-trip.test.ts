import { describe, expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { chown, lstat, mkdir, readFile, rename, stat, symlink, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { parse as parseJson } from "jsonc-parser";
import { parse as parseToml } from "smol-toml";
import { parse as parseYaml } from "yaml";
import { isRefusal } from "../../src/base/refusal.ts";
import { setUpHost } from "../../src/setup/carry-out-setup.ts";
import { HOSTS, type Host } from "../../src/setup/hosts.ts";
import { planSetup } from "../../src/setup/plan-setup.ts";
import { planRemoval, takeAway } from "../../src/setup/take-away.ts";
import { everythingIn, hostCalled, openMachine } from "./support/scratch-machine.ts";

const CORPUS = join(import.meta.dirname, "../fixtures/hosts-config");
const corpusOf = (host: Host) =>
  readdirSync(join(CORPUS, host.id))
    .map((name) => basename(name, ".conf"))
    .sort();
const read = (host: Host, name: string) => readFileSync(join(CORPUS, host.id, `${name}.conf`), "utf8");

/** As editors and systems differ: the same file with other ends of lines, with a mark in front, without a last line's end. */
const VARIANTS: Readonly<Record<string, (text: string) => string>> = {
  "as it is": (text) => text,
  "with CRLF": (text) => text.replaceAll("\n", "\r\n"),
  "with a mark": (text) => `\ufeff${text}`,
  "with no end": (text) => text.trimEnd(),
};

/** What a file says, read by the library and not by us. */
function says(host: Host, bytes: string): Record<string, unknown> {
  const text = bytes.replace(/^\ufeff/, "");
  if (host.id === "codex") return parseToml(text);
  return (
    (host.id === "goose" ? parseYaml(text, { merge: true }) : parseJson(text, [], { allowTrailingComma: true })) ?? {}
  );
}

function without(document: Record<string, unknown>, host: Host): unknown {
  const [servers = ""] = host.servers;
  const { ouroboros: _, ...others } = (document[servers] ?? {}) as Record<string, unknown>;
  const { [servers]: __, ...rest } = document;
  return JSON.parse(JSON.stringify({ ...rest, others }));
}

test("the corpus has several files of every host that people use most, and one of each other", () => {
  expect(HOSTS.map((host) => [host.id, corpusOf(host).length > 0])).toEqual(HOSTS.map(({ id }) => [id, true]));
});

for (const host of HOSTS) {
  for (const name of corpusOf(host).filter((one) => !one.startsWith("broken-"))) {
    test(`${host.id}/${name}: setup adds one entry, uninstall leaves the bytes that were there`, async () => {
      for (const [variant, vary] of Object.entries(VARIANTS)) {
        await using machine = await openMachine();
        const original = vary(read(host, name));
        const path = await machine.give(host, original);
        const before = await everythingIn(machine.surroundings.home);

        const result = await setUpHost(host, machine);
        if (isRefusal(result)) throw new Error(`${variant}: ${result.message}`);
        const written = await readFile(path, "utf8");
        const entry = (says(host, written)[host.servers[0] ?? ""] as Record<string, object>).ouroboros;
        expect({ variant, entry }).toMatchObject({
          entry: JSON.parse(JSON.stringify(host.entry(machine.launch), notTimes)),
        });
        expect({ variant, others: without(says(host, written), host) }).toEqual({
          variant,
          others: without(says(host, original), host) as object,
        });
        expect((await stat(path)).mode & 0o777).toBe(0o640);
        // Lines keep the ends they had, ours included.
        if (variant === "with CRLF" && original.includes("\n")) expect(written).not.toMatch(/[^\r]\n/);
        expect(await readFile(result.backup ?? "", "utf8")).toBe(original);

        expect(await planSetup(host, machine)).toMatchObject({ status: "same", write: undefined });
        await setUpHost(host, machine);
        expect(await readFile(path, "utf8")).toBe(written);

        expect(await takeAway(host, path, machine)).toMatchObject({ plan: { status: "restore" } });
        expect({ variant, all: await everythingIn(machine.surroundings.home) }).toEqual({ variant, all: before });
        expect(await planRemoval(host, path, machine)).toMatchObject({ status: "absent" });
      }
    });
  }

  for (const name of corpusOf(host).filter((one) => one.startsWith("broken-"))) {
    test(`${host.id}/${name}: is refused with the place, and not touched`, async () => {
      await using machine = await openMachine();
      const path = await machine.give(host, read(host, name));
      const before = await everythingIn(machine.surroundings.home);
      const refused = await setUpHost(host, machine);
      expect(refused).toMatchObject({
        refused: true,
        code: "config_unreadable",
        facts: { path, line: expect.any(Number) },
      });
      expect(isRefusal(refused) && refused.message).toMatch(/line \d+, column \d+: \w/);
      expect(await everythingIn(machine.surroundings.home)).toEqual(before);
    });
  }

  test(`${host.id}: a file that setup made goes again, with the folders it made`, async () => {
    await using machine = await openMachine();
    const path = machine.pathOf(host);
    const result = await setUpHost(host, machine);
    expect(result).toMatchObject({ plan: { status: "add" }, backup: undefined });
    expect(await planSetup(host, machine)).toMatchObject({ status: "same" });
    expect(await takeAway(host, path, machine)).toMatchObject({ plan: { status: "delete" } });
    expect(await everythingIn(machine.surroundings.home)).toEqual({});
  });
}

test("the place of a fault is the one an editor would go to", async () => {
  const places = {
    "claude-code/broken-comment": [2, 3],
    "vscode/broken-brace": [6, 2],
    "codex/broken-header": [3, 13],
  };
  for (const [name, [line, column]] of Object.entries(places)) {
    await using machine = await openMachine();
    const [id = "", file = ""] = name.split("/");
    await machine.give(hostCalled(id), read(hostCalled(id), file));
    expect({ name, facts: await planSetup(hostCalled(id), machine) }).toMatchObject({
      name,
      facts: { facts: { line, column } },
    });
  }
});

describe("files that are not plain", () => {
  const gemini = hostCalled("gemini");

  test("a link stays a link: what it leads to is written, and put back", async () => {
    await using machine = await openMachine();
    const path = await machine.give(gemini, "{}\n");
    const kept = join(machine.surroundings.home, "dotfiles", "gemini.json");
    await mkdir(dirname(kept));
    await rename(path, kept);
    await symlink("../dotfiles/gemini.json", path);
    await setUpHost(gemini, machine);
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
    expect(await readFile(kept, "utf8")).toContain("ouroboros");
    await takeAway(gemini, path, machine);
    expect((await lstat(path)).isSymbolicLink()).toBe(true);
    expect(await readFile(kept, "utf8")).toBe("{}\n");
  });

  test("a file keeps its owner and its mode, and its copy is no more open than it", async () => {
    await using machine = await openMachine();
    const path = await machine.give(gemini, "{}\n", 0o604);
    // Only root can give a file away; anybody else keeps their own.
    const owner = process.getuid?.() === 0 ? 12_345 : (process.getuid?.() ?? 0);
    await chown(path, owner, process.getgid?.() ?? 0);
    const result = await setUpHost(gemini, machine);
    if (isRefusal(result)) throw new Error(result.message);
    for (const one of [path, result.backup ?? ""]) {
      const { uid, mode } = await stat(one);
      expect({ uid, mode: mode & 0o777 }).toEqual({ uid: owner, mode: 0o604 });
    }
  });

  test("a read-only file, a link to nothing, a folder and what is no text are refused and left", async () => {
    const makes: Readonly<Record<string, (path: string) => Promise<unknown>>> = {
      config_read_only: (path) => writeFile(path, "{}", { mode: 0o444 }),
      dangling_link: (path) => symlink("nowhere", path),
      no_config_file: (path) => mkdir(path),
      not_text: (path) => writeFile(path, Buffer.from([0x7b, 0xff, 0xfe, 0x7d])),
    };
    for (const [code, make] of Object.entries(makes)) {
      await using machine = await openMachine();
      const path = machine.pathOf(gemini);
      await mkdir(dirname(path), { recursive: true });
      await make(path);
      const before = await lstat(path, { bigint: true });
      expect(await setUpHost(gemini, machine)).toMatchObject({
        refused: true,
        code,
        next: expect.stringMatching(/\w/),
      });
      const { ino, mode, mtimeNs } = await lstat(path, { bigint: true });
      expect({ ino, mode, mtimeNs }).toEqual({ ino: before.ino, mode: before.mode, mtimeNs: before.mtimeNs });
      expect(readdirSync(dirname(path))).toEqual(["settings.json"]);
    }
  });
});

describe("a file that was changed since", () => {
  test("loses our entry and keeps the change; a copy is made first", async () => {
    const files = { "claude-code": "projects", zed: "settings", codex: "full", goose: "config" };
    for (const [id, name] of Object.entries(files)) {
      await using machine = await openMachine();
      const host = hostCalled(id);
      const path = await machine.give(host, read(host, name));
      const original = says(host, read(host, name));
      await setUpHost(host, machine);
      const [open, added] =
        id === "codex"
          ? ["model", "added = 1\nmodel"]
          : id === "goose"
            ? ["GOOSE_MODEL", "added: 1\nGOOSE_MODEL"]
            : ["{", '{ "added": 1,'];
      const changed = (await readFile(path, "utf8")).replace(open, added);
      await writeFile(path, changed);
      const taken = await takeAway(host, path, machine);
      if (isRefusal(taken)) throw new Error(taken.message);
      expect(taken.plan.status).toBe("remove");
      const left = await readFile(path, "utf8");
      expect({ id, says: says(host, left) }).toEqual({ id, says: { ...original, added: 1 } });
      expect(left).not.toContain("/opt/ouroboros");
      expect(await readFile(taken.backup ?? "", "utf8")).toBe(changed);
    }
  });

  test("gets the entry back that ours had replaced", async () => {
    await using machine = await openMachine();
    const host = hostCalled("codex");
    const path = await machine.give(host, read(host, "python"));
    await setUpHost(host, machine);
    await writeFile(path, `added = 1\n${await readFile(path, "utf8")}`);
    expect(await takeAway(host, path, machine)).toMatchObject({ plan: { status: "put_back" } });
    expect(says(host, await readFile(path, "utf8"))).toEqual({ ...says(host, read(host, "python")), added: 1 });
  });

  test("is removed when setup made it and nobody has added anything", async () => {
    await using machine = await openMachine();
    const host = hostCalled("cursor");
    await setUpHost(host, machine);
    const path = machine.pathOf(host);
    await writeFile(path, JSON.stringify(JSON.parse(await readFile(path, "utf8"))));
    expect(await takeAway(host, path, machine)).toMatchObject({ plan: { status: "delete" } });
  });

  test("is left alone when our entry is gone, or somebody else's stands there", async () => {
    await using machine = await openMachine();
    const host = hostCalled("cursor");
    await setUpHost(host, machine);
    const path = machine.pathOf(host);
    for (const text of ["{}", '{"mcpServers": {"ouroboros": {"command": "/usr/bin/else"}}}']) {
      await writeFile(path, text);
      expect(await takeAway(host, path, machine)).toMatchObject({ plan: { status: "absent" } });
      expect(await readFile(path, "utf8")).toBe(text);
    }
  });
});

describe("a program that has moved", () => {
  test("its entry is updated, what the user added to it stays, and uninstall leads back to the very first bytes", async () => {
    await using machine = await openMachine();
    const host = hostCalled("codex");
    const path = await machine.give(host, read(host, "full"));
    await setUpHost(host, machine);
    const moved = machine.movedTo("/srv/ouroboros");
    expect(await setUpHost(host, moved)).toMatchObject({ plan: { status: "update" } });
    expect(await readFile(path, "utf8")).not.toContain("/opt/ouroboros");
    expect(await takeAway(host, path, moved)).toMatchObject({ plan: { status: "restore" } });
    expect(await readFile(path, "utf8")).toBe(read(host, "full"));
  });

  test("also when the host has written the file anew in between: only our entry changes", async () => {
    await using machine = await openMachine();
    const host = hostCalled("gemini");
    const path = await machine.give(host, read(host, "settings"));
    await setUpHost(host, machine);
    const args = [...machine.launch.args, "--toolsets", "all"];
    const entry = { ...host.entry(machine.launch), args, timeout: 9000, env: { MINE: "1" } };
    await writeFile(path, JSON.stringify({ ui: {}, mcpServers: { ouroboros: entry } }, null, 4));
    expect(await planSetup(host, machine)).toMatchObject({ status: "same" });
    await setUpHost(host, machine.movedTo("/srv/ouroboros"));
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual({
      ui: {},
      mcpServers: { ouroboros: { ...entry, command: "/srv/ouroboros" } },
    });
    await takeAway(host, path, machine.movedTo("/srv/ouroboros"));
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual({ ui: {}, mcpServers: {} });
  });
});

describe("an entry that is there already", () => {
  test("the Python program's is replaced, with the user's own variables and settings", async () => {
    await using machine = await openMachine();
    const claude = hostCalled("claude-code");
    await machine.give(claude, read(claude, "python"));
    const result = await setUpHost(claude, machine);
    expect(result).toMatchObject({ plan: { status: "replace", found: "python" } });
    const { ouroboros } = JSON.parse(await readFile(machine.pathOf(claude), "utf8")).mcpServers;
    expect(ouroboros.env).toEqual({ OUROBOROS_AGENT_RUNTIME: "claude", OPENAI_API_KEY: "sk-kept" });
    expect(JSON.stringify(isRefusal(result) || result.plan.shown)).not.toContain("sk-kept");
  });

  test("a server of somebody else under our name is refused", async () => {
    await using machine = await openMachine();
    const host = hostCalled("cursor");
    await machine.give(host, '{"mcpServers": {"ouroboros": {"command": "docker", "args": ["run", "snake-game"]}}}');
    expect(await setUpHost(host, machine)).toMatchObject({ code: "entry_taken" });
  });
});

/** Times that the user had set are kept, so the entry may have others. */
function notTimes(key: string, value: unknown): unknown {
  return /timeout/.test(key) || (/^envs?$/.test(key) && JSON.stringify(value) === "{}") ? undefined : value;
}
