import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { version } from "../../../package.json";
import { writeInstallScripts } from "../../release/install-scripts.ts";
import { serveRelease } from "../../release/serve-release.ts";
import { writeSums } from "../../release/sums.ts";
import { hostTarget, releaseName, TARGETS, type Target } from "../../release/targets.ts";
import { type Span, screenOf } from "./screen.ts";
import { ANSWERS, WISH } from "./scripted-models.ts";

const BINARY = join(import.meta.dirname, "../../../dist/ouroboros");
const MODELS = join(import.meta.dirname, "scripted-models.ts");
/** Of the terminal in which it is recorded. */
export const COLUMNS = 104;
const PATIENCE_MS = 60_000;

/** One command as it was typed, what the terminal showed of it, and how long it took. */
export interface Recorded {
  readonly typed: string;
  readonly shown: readonly (readonly Span[])[];
  readonly ms: number;
}

/** Goes from an empty home to a branch that was judged, verified and merged, with the compiled program; throws where a step fails. */
export async function recordStory(): Promise<Recorded[]> {
  const home = mkdtempSync(join(tmpdir(), "ouroboros-story-"));
  try {
    return await tell(home);
  } finally {
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function tell(home: string): Promise<Recorded[]> {
  const project = join(home, "tea");
  await using release = await serveRelease(await makeRelease(join(home, "release")), version);
  const model = (role: string) => ({ command: [process.execPath, MODELS, role] });
  const config = {
    runtimes: { scripted: model("agent"), thinker: model("mind") },
    minds: { fast: "thinker", standard: "thinker", deep: "thinker" },
    orchestrator: { runtime_backend: "scripted" },
  };
  for (const folder of [project, join(home, ".ouroboros")]) mkdirSync(folder);
  writeFileSync(join(home, ".ouroboros/config.yaml"), JSON.stringify(config));
  writeFileSync(
    join(home, ".gitconfig"),
    "[user]\n  name = You\n  email = you@example.com\n[init]\n  defaultBranch = main\n",
  );
  const env = {
    HOME: home,
    PATH: `${join(home, ".local/bin")}:${process.env.PATH ?? ""}`,
    LANG: "C.UTF-8",
    TERM: "xterm-256color",
    OUROBOROS_RELEASES: release.url,
  };
  const recorded: Recorded[] = [];

  await type("curl -fsSL $OUROBOROS_RELEASES/latest/download/install.sh | sh");
  await type("ouroboros setup claude-code --yes");
  await type("git init -q && git commit -q --allow-empty -m 'A beginning'");
  const talk = ANSWERS.flatMap((answer, index) => [`Question ${index + 1}`, "", "or /help", `${answer}\r`]);
  talk.push("Make the seed now?", "y");
  const interview = await type(`ouroboros interview "${WISH}" --brief`, talk);
  const seed = find(/seed_\w+/, interview);
  const ran = await type(`ouroboros run ${seed} --wait`);
  const [run, merge] = [find(/orch_\w+/, ran), find(/git (?:-C \S+ )?merge \S+/, ran)];
  await type(`ouroboros evaluate ${run}`);
  await type(`ouroboros verify ${run}`);
  await type(merge);
  await type("sh tea.sh list");
  return recorded;

  /** Runs a line in a terminal of its own. `talk`: what to wait for and what to type then, in turn. */
  async function type(line: string, talk: readonly string[] = []): Promise<string> {
    const began = performance.now();
    const decoder = new TextDecoder();
    let output = "";
    let [seen, at] = [0, 0];
    const terminal = new Bun.Terminal({
      cols: COLUMNS,
      rows: 200,
      data(self, bytes) {
        output += decoder.decode(bytes, { stream: true });
        const wanted = talk[at];
        const text = stripVTControlCharacters(output);
        const found = wanted === undefined ? -1 : text.indexOf(wanted, seen);
        if (wanted === undefined || found < 0) return;
        seen = found + wanted.length;
        self.write(talk[at + 1] ?? "");
        at += 2;
      },
    });
    const child = Bun.spawn(["sh", "-c", line], { cwd: project, env, terminal });
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    const code = await child.exited;
    clearTimeout(timer);
    terminal.close();
    const ms = performance.now() - began;
    const plain = stripVTControlCharacters(output);
    if (code !== 0) throw new Error(`\`${line}\` ended with ${code}: ${plain}`);
    recorded.push({ typed: line.replaceAll(home, "~"), shown: screenOf(output.replaceAll(home, "~"), COLUMNS), ms });
    return plain;
  }
}

/** What a release has for this machine, out of the program as it was built. */
async function makeRelease(folder: string): Promise<string> {
  const target = Object.keys(TARGETS).find((name): name is Target => name === hostTarget());
  if (target === undefined) throw new Error(`Nothing is built for ${hostTarget()}`);
  mkdirSync(folder);
  symlinkSync(BINARY, join(folder, releaseName(target)));
  await writeInstallScripts(folder, version);
  await writeSums(folder);
  return folder;
}

function find(pattern: RegExp, text: string): string {
  const [found] = pattern.exec(text) ?? [];
  if (found === undefined) throw new Error(`Nothing like ${pattern} was shown: ${text}`);
  return found;
}
