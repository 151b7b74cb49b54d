import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { spawn, spawnSync } from "node:child_process";
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeInstallScripts } from "../../scripts/release/install-scripts.ts";
import { serveRelease } from "../../scripts/release/serve-release.ts";
import { writeSums } from "../../scripts/release/sums.ts";
import { hostTarget, releaseName, TARGETS, type Target } from "../../scripts/release/targets.ts";
import { REPOSITORY } from "../../src/setup/update/repository.ts";
import { openLoopback } from "../support/loopback-server.ts";

const VERSION = "3.2.1";
const FILE = releaseName(hostTarget() as Target);
/** What the script needs of a system; what fetches and what sums are given apart. */
const TOOLS = ["sh", "uname", "mkdir", "mktemp", "chmod", "mv", "rm", "head", "tr", "grep", "cat"];
/** No script by its first line, as the real one is none; a shell runs it all the same. */
const PROGRAM = `echo ${VERSION}\n`;
const PYTHONS = "#!/usr/bin/env python3\nprint('the other one')\n";
const FETCHES = ["curl", "wget"].find((tool) => locate(tool) !== undefined);
const SUMS = ["sha256sum", "shasum", "openssl"].find((tool) => locate(tool) !== undefined);
const CAN_INSTALL = FETCHES !== undefined && SUMS !== undefined;
const UNLESS = CAN_INSTALL ? "" : " (skipped: neither curl nor wget is here, or nothing that makes sums)";
const installs = test.skipIf(!CAN_INSTALL);
const SHELLS = ["dash", "bash", "busybox"].filter((shell) => locate(shell) !== undefined);

let root: string;
let release: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ouroboros install-"));
  release = await releaseWith(PROGRAM);
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe.each(SHELLS)("with %s", (shell) => {
  installs(`it puts the checked program into place, says what PATH lacks, and the next command${UNLESS}`, async () => {
    await using served = await serveRelease(release, VERSION);
    const person = await openPerson();
    const ran = await person.install(served.url, { shell });
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    const folder = join(person.home, ".local/bin");
    expect(ran.stdout).toBe(`Fetching ${FILE} ${VERSION}
Installed ${folder}/ouroboros, version ${VERSION}

To be able to call it by its name, add this to your shell's profile, then open a new window:
  export PATH="${folder}:$PATH"

Next, tell your coding agents about it:
  '${folder}/ouroboros' setup
`);
    expect(await person.files()).toEqual({ ouroboros: PROGRAM });
    expect(spawnSync("sh", ["-c", '"$0" --version', join(folder, "ouroboros")], { encoding: "utf8" }).stdout).toBe(
      `${VERSION}\n`,
    );
    expect(await readdir(person.home)).toEqual([".local"]);
    // And once more over itself, its folder on PATH now.
    const again = await person.install(served.url, { shell, before: [folder] });
    expect([again.code, again.stdout.split("\n").slice(2)]).toEqual([
      0,
      ["", "Next, tell your coding agents about it:", "  ouroboros setup", ""],
    ]);
  });
});

for (const tools of [
  ["curl", "openssl"],
  ["wget", "sha256sum"],
  ["wget", "shasum", "perl"],
]) {
  const missing = tools.filter((tool) => locate(tool) === undefined);
  const why = missing.length === 0 ? "" : ` (skipped: ${missing.join(" and ")} is not here)`;
  test.skipIf(missing.length > 0)(`with nothing but ${tools.join(" and ")} it works as well${why}`, async () => {
    await using served = await serveRelease(release, VERSION);
    const person = await openPerson(tools);
    const ran = await person.install(served.url);
    expect([ran.code, ran.stderr]).toEqual([0, ""]);
    expect(Object.keys(await person.files())).toEqual(["ouroboros"]);
  });
}

installs(
  `what is wrong, cut, missing, or does not run leaves what was there, and nothing beside it${UNLESS}`,
  async () => {
    await using served = await serveRelease(release, VERSION);
    const person = await openPerson();
    expect((await person.install(served.url)).code).toBe(0);
    const before = await person.files();
    const expectRefused = async (url: string, said: string, options: InstallOptions = {}) => {
      const ran = await person.install(url, options);
      expect([ran.code, ran.stderr.includes(said) ? said : ran.stderr]).toEqual([1, said]);
      expect(await person.files()).toEqual(before);
    };
    const altered = await releaseWith(PROGRAM);
    await writeFile(join(altered, FILE), `${PROGRAM}# and more\n`);
    await using wrong = await serveRelease(altered, VERSION);
    await expectRefused(wrong.url, `Cannot install Ouroboros: ${FILE} is not what its release says: its SHA-256 is`);
    await using other = await serveRelease(await releaseWith("echo 1.0.0\n"), VERSION);
    await expectRefused(other.url, "should be version 3.2.1, and says that it is 1.0.0");
    await using dead = await serveRelease(await releaseWith("exit 127\n"), VERSION);
    await expectRefused(dead.url, "does not run on this machine");
    await expectRefused(served.url, "/download/v9.0.0/SHA256SUMS could not be fetched", {
      args: ["--version", "v9.0.0"],
    });
    const empty = await releaseWith("");
    await writeFile(join(empty, "SHA256SUMS"), "");
    await using none = await serveRelease(empty, VERSION);
    await expectRefused(none.url, `release ${VERSION} has no ${FILE}`);
    await expectRefused("http://mirror.example", "only https is good enough");
    await expectRefused(served.url, '"../x" is no version', { args: ["--version", "../x"] });
    await expectRefused(served.url, '"--nonsense" is unknown', { args: ["--nonsense"] });

    const bytes = await readFile(join(release, FILE));
    await using cutting = await openLoopback(async ({ url = "", socket }, response) => {
      if (url.endsWith("SHA256SUMS")) return void response.end(await readFile(join(release, "SHA256SUMS")));
      response.writeHead(200, { "content-length": bytes.length });
      response.write(bytes.subarray(0, 5), () => socket.destroy());
    });
    await expectRefused(cutting.url, `${FILE} could not be fetched`);
  },
);

for (const tool of ["curl", "wget"]) {
  const missing = [tool, SUMS ?? "sha256sum", "openssl"].filter((one) => locate(one) === undefined);
  const why = missing.length === 0 ? "" : ` (skipped: ${missing.join(" and ")} is not here)`;
  test.skipIf(missing.length > 0)(`with ${tool} it does not follow from https to plain http${why}`, async () => {
    const [key, cert] = [join(root, `${tool}.key`), join(root, `${tool}.pem`)];
    const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
    const made = ["-keyout", key, "-out", cert, ...names];
    expect(spawnSync("openssl", [..."req -x509 -newkey rsa:2048 -nodes -days 2".split(" "), ...made]).status).toBe(0);
    await using plain = await serveRelease(release, VERSION);
    await using sending = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      tls: { key: Bun.file(key), cert: Bun.file(cert) },
      fetch: ({ url }) => Response.redirect(plain.url + new URL(url).pathname, 302),
    });
    const wgetrc = join(root, "wgetrc");
    await writeFile(wgetrc, `ca_certificate=${cert}\n`);
    const person = await openPerson([tool, SUMS ?? "", "perl"]);
    const env = { CURL_CA_BUNDLE: cert, WGETRC: wgetrc };
    const ran = await person.install(`https://localhost:${sending.port}`, { env });
    expect([ran.code, ran.stdout]).toEqual([1, `Fetching ${FILE} ${VERSION}\n`]);
    expect(ran.stderr).toMatch(/plain http|"http" not supported/);
    expect(await person.files()).toEqual({});
  });
}

test("a script that was cut on its way does nothing, wherever it was cut", async () => {
  await using served = await serveRelease(release, VERSION);
  const person = await openPerson();
  const script = await readFile(join(release, "install.sh"), "utf8");
  const body = script.slice(0, script.lastIndexOf("main "));
  expect(body.length).toBeGreaterThan(5_000);
  const cuts = Array.from({ length: 24 }, (_, at) => Math.floor((body.length * (at + 1)) / 24));
  await Promise.all(cuts.map((at) => person.install(served.url, { script: body.slice(0, at) })));
  expect([await readdir(person.home), served.asked]).toEqual([[], []]);
});

installs(
  `another program of its name is told, not replaced unless that is asked for, and never run${UNLESS}`,
  async () => {
    await using served = await serveRelease(release, VERSION);
    const person = await openPerson();
    const ran = join(root, "was-run");
    const python = `${PYTHONS}open('${ran}', 'w')\n`;
    await person.put(".local/bin/ouroboros", python);
    const refused = await person.install(served.url);
    expect([refused.code, refused.stderr]).toEqual([
      1,
      expect.stringContaining("is another program, perhaps the Python one"),
    ]);
    expect(await person.files()).toEqual({ ouroboros: python });
    expect((await person.install(served.url, { args: ["--replace"] })).code).toBe(0);
    expect(await person.files()).toEqual({ ouroboros: PROGRAM });

    await person.put("venv/bin/ouroboros", python);
    const to = ["--to", join(person.home, "tools here")];
    const before = [join(person.home, "venv/bin"), join(person.home, "tools here")];
    const second = await person.install(served.url, { args: to, before });
    expect(second.stdout).toContain(`\nAnother program comes first on your PATH: ${person.home}/venv/bin/ouroboros
It is started by Python.\nRemove it, or put ${person.home}/tools here before its folder.\n`);
    const absent = await person.install(served.url, { args: to, before: before.slice(0, 1) });
    expect(absent.stdout).toContain(`(Until then "ouroboros" is another program: ${person.home}/venv/bin/ouroboros)`);
    expect(spawnSync("test", ["-e", ran]).status).toBe(1);
  },
);

installs(
  `where gh is signed in the attestation decides too, unless that is left out; elsewhere it is not asked${UNLESS}`,
  async () => {
    await using served = await serveRelease(release, VERSION);
    for (const [answers, env, code] of [
      [{ auth: 0, verify: 0 }, {}, 0],
      [{ auth: 0, verify: 1 }, {}, 1],
      [{ auth: 1, verify: 1 }, {}, 0],
      [{ auth: 0, verify: 1 }, { OUROBOROS_NO_ATTESTATION: "1" }, 0],
    ] as const) {
      const person = await openPerson();
      await person.put(
        "bin/gh",
        `#!/bin/sh
echo "$*" >>'${person.home}/asked'
case $* in auth*) exit ${answers.auth} ;; *--help) exit 0 ;; *--repo*) exit ${answers.verify} ;; esac
exit 9\n`,
      );
      const ran = await person.install(served.url, { before: [join(person.home, "bin")], env });
      expect([answers, env, ran.code]).toEqual([answers, env, code]);
      expect(Object.keys(await person.files())).toEqual(code === 0 ? ["ouroboros"] : []);
      if (answers.auth === 0 && !("OUROBOROS_NO_ATTESTATION" in env)) {
        const asked = await readFile(join(person.home, "asked"), "utf8");
        expect(asked).toMatch(
          new RegExp(`attestation verify .*/\\.ouroboros\\.\\w+ --repo ${new URL(REPOSITORY).pathname.slice(1)}\n$`),
        );
      }
    }
  },
);

test("it knows every machine that a release has a program for, and says so of others", async () => {
  const place = await mkdtemp(join(root, "machines-"));
  const script = await readFile(join(release, "install.sh"), "utf8");
  const found = (system: string, machine: string, loaders: readonly string[], translated = "0") => {
    const body = script
      .slice(0, script.lastIndexOf("main "))
      .replaceAll(/-e (\/lib\S+)/g, (_, path) => `-n "${loaders.includes(path) ? "here" : ""}"`);
    const program = `${body}
uname() { case $1 in -s) echo '${system}' ;; -m) echo '${machine}' ;; esac; }
sysctl() { echo ${translated}; }
file_for_this_machine`;
    return spawnSync("sh", ["-c", program], { cwd: place, encoding: "utf8" });
  };
  for (const target of Object.keys(TARGETS) as Target[]) {
    const { platform, arch, loader }: { platform: string; arch: string; loader?: string } = TARGETS[target];
    if (platform === "win32") continue;
    const system = platform === "linux" ? "Linux" : "Darwin";
    for (const machine of arch === "x64" ? ["x86_64", "amd64"] : ["aarch64", "arm64"]) {
      expect(found(system, machine, loader === undefined ? [] : [loader]).stdout).toBe(`${releaseName(target)}\n`);
    }
  }
  expect(found("Darwin", "x86_64", [], "1").stdout).toBe("ouroboros-darwin-arm64\n");
  const both = [TARGETS["linux-x64"].loader, TARGETS["linux-x64-musl"].loader].filter((one) => one !== undefined);
  expect(found("Linux", "x86_64", both).stdout).toBe("ouroboros-linux-x64\n");
  for (const [system, machine, loaders] of [
    ["Linux", "riscv64", both],
    ["Linux", "x86_64", []],
    ["FreeBSD", "amd64", both],
  ] as const) {
    const { status, stdout, stderr } = found(system, machine, loaders);
    expect([status, stdout, stderr]).toEqual([1, "", expect.stringMatching(/^Cannot install Ouroboros: /)]);
  }
});

test("the script for Windows fetches the file that a release has for it, by the same rules (read here, run by the release workflow)", async () => {
  const script = await readFile(join(release, "install.ps1"), "utf8");
  expect(script).toContain(`$file = '${releaseName("windows-x64")}'`);
  expect(script).toContain(`[string]$Version = '${VERSION}'`);
  expect(script).toContain(`$releases = '${REPOSITORY}/releases'`);
  expect(script).toContain('$from = "$releases/download/v$wantedVersion"');
  // The sum is looked at before the file is run, and the file is run before it gets its name.
  const order = ["Get-FileHash", "-ne $wanted)", "& $fresh --version", "-Destination $goal"].map((one) =>
    script.indexOf(one),
  );
  expect(order.every((at, index) => at > (order[index - 1] ?? 0))).toBe(true);
  expect(script.trimEnd().split("\n").at(-1)).toBe("Install-Ouroboros");
});

test("a release's scripts have nothing left to fill in, and its version stands beside them", async () => {
  for (const name of ["install.sh", "install.ps1"]) {
    expect(await readFile(join(release, name), "utf8")).not.toMatch(/@[A-Z]+@/);
  }
  expect(await readFile(join(release, "VERSION"), "utf8")).toBe(`${VERSION}\n`);
  expect((await readFile(join(release, "install.sh"), "utf8")).split("\n").at(-2)).toBe('main "$@"');
});

interface InstallOptions {
  readonly shell?: string;
  readonly args?: readonly string[];
  readonly before?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly script?: string;
}

/** Somebody with a home of their own, and only some of this machine's tools. */
async function openPerson(tools: readonly string[] = [FETCHES ?? "", SUMS ?? "", "perl"]) {
  const place = await mkdtemp(join(root, "person-"));
  const [home, bin] = [join(place, "a home"), join(place, "bin")];
  await mkdir(home);
  await mkdir(bin);
  for (const tool of [...TOOLS, ...tools]) {
    const path = locate(tool);
    if (path !== undefined) await symlink(path, join(bin, tool));
  }
  const script = await readFile(join(release, "install.sh"), "utf8");
  return {
    home,
    install(url: string, options: InstallOptions = {}) {
      const shell = locate(options.shell ?? "sh") ?? "";
      const args = [...(options.shell === "busybox" ? ["sh"] : []), "-s", "--", ...(options.args ?? [])];
      const path = [...(options.before ?? []), bin].join(":");
      const env = { HOME: home, PATH: path, OUROBOROS_RELEASES: url, TMPDIR: place, ...options.env };
      return ranWith(shell, args, env, options.script ?? script);
    },
    async put(path: string, text: string) {
      await mkdir(join(home, path, ".."), { recursive: true });
      await writeFile(join(home, path), text);
      await chmod(join(home, path), 0o755);
    },
    /** What lies where programs go. */
    async files(): Promise<Record<string, string>> {
      const folder = join(home, ".local/bin");
      const names = await readdir(folder);
      return Object.fromEntries(
        await Promise.all(names.map(async (name) => [name, await readFile(join(folder, name), "utf8")])),
      );
    },
  };
}

async function ranWith(shell: string, args: readonly string[], env: Record<string, string>, input: string) {
  const child = spawn(shell, args, { cwd: root, env });
  let [stdout, stderr] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => {}); // it may end before it has read everything
  child.stdin.end(input);
  const code = await new Promise<number | null>((resolve) => child.once("close", resolve));
  return { code, stdout, stderr };
}

async function releaseWith(program: string): Promise<string> {
  const folder = await mkdtemp(join(root, "release-"));
  await writeFile(join(folder, FILE), program);
  await writeInstallScripts(folder, VERSION);
  await writeSums(folder);
  return folder;
}

function locate(tool: string): string | undefined {
  return Bun.which(tool) ?? undefined;
}
