import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { type Span, screenOf } from "./screen.ts";
import { ANSWERS, WISH } from "./scripted-models.ts";

const MODELS = join(import.meta.dirname, "scripted-models.ts");
/** Of the terminal in which it is told. */
export const COLUMNS = 104;
const PATIENCE_MS = 120_000;
/** The shell says it when the line is over. */
const END = "\u001e";

/** One command as it was typed, what the terminal showed of it, and how long it took. */
export interface Recorded {
  readonly typed: string;
  readonly shown: readonly (readonly Span[])[];
  readonly ms: number;
}

/** How a person comes to the program, and calls it. */
export interface Road {
  readonly install: readonly string[];
  readonly program: string;
  readonly env: Readonly<Record<string, string>>;
  /** A line that shows that the host has found the server, and what it has to show. */
  readonly connected?: readonly [line: string, shows: RegExp];
}

/** Goes from an empty home to a branch that was judged, verified and merged; model and agent are scripts. Throws where a step fails. */
export async function tellStory(home: string, { install, program, env: more, connected }: Road): Promise<Recorded[]> {
  const project = join(home, "tea");
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
  const env = { HOME: home, LANG: "C.UTF-8", TERM: "xterm-256color", ...more };
  const recorded: Recorded[] = [];

  for (const line of install) await type(line);
  await type(`${program} setup claude-code --yes`);
  if (connected) find(connected[1], await type(connected[0]));
  await type("git init -q && git commit -q --allow-empty -m 'A beginning'");
  const talk = ANSWERS.flatMap((answer, index) => [`Question ${index + 1}`, "", "or /help", `${answer}\r`]);
  talk.push("Make the seed now?", "y");
  const interview = await type(`${program} interview "${WISH}" --brief`, talk);
  const seed = find(/seed_\w+/, interview);
  const ran = await type(`${program} run ${seed} --wait`);
  const [run, merge] = [find(/orch_\w+/, ran), find(/git (?:-C \S+ )?merge \S+/, ran)];
  await type(`${program} evaluate ${run}`);
  await type(`${program} verify ${run}`);
  await type(merge);
  await type("sh tea.sh list");
  return recorded;

  /** Runs a line in a terminal of its own. `talk`: what to wait for and what to type then, in turn. */
  async function type(line: string, talk: readonly string[] = []): Promise<string> {
    const began = performance.now();
    const decoder = new TextDecoder();
    let output = "";
    let [seen, at] = [0, 0];
    const { promise: isRead, resolve: read } = Promise.withResolvers<void>();
    const terminal = new Bun.Terminal({
      cols: COLUMNS,
      rows: 200,
      data(self, bytes) {
        output += decoder.decode(bytes, { stream: true });
        if (output.includes(END)) read();
        const text = stripVTControlCharacters(output);
        for (let wanted = talk[at]; wanted !== undefined; wanted = talk[at]) {
          const found = text.indexOf(wanted, seen);
          if (found < 0) return;
          seen = found + wanted.length;
          self.write(talk[at + 1] ?? "");
          at += 2;
        }
      },
    });
    const child = Bun.spawn(["/bin/sh", "-c", `${line}; code=$?; printf '\\036'; exit $code`], {
      cwd: project,
      env,
      terminal,
    });
    const timer = setTimeout(() => child.kill("SIGKILL"), PATIENCE_MS);
    const code = await child.exited;
    // What it said last may still be on its way; one that was killed says no more.
    if (child.signalCode === null) await isRead;
    clearTimeout(timer);
    output = output.replace(END, "");
    terminal.close();
    const ms = performance.now() - began;
    const plain = stripVTControlCharacters(output);
    if (code !== 0) throw new Error(`\`${line}\` ended with ${code}: ${plain}`);
    recorded.push({ typed: line.replaceAll(home, "~"), shown: screenOf(output.replaceAll(home, "~"), COLUMNS), ms });
    return plain;
  }
}

function find(pattern: RegExp, text: string): string {
  const [found] = pattern.exec(text) ?? [];
  if (found === undefined) throw new Error(`Nothing like ${pattern} was shown: ${text}`);
  return found;
}
