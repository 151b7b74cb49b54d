import { isRefusal, type Refusal, refuse } from "../../base/refusal.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { outputOf, type RunArtifacts, runArtifacts } from "../../views/run-artifacts.ts";
import { changedFiles, patchOf } from "../../views/run-diff.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { lines, table } from "../render.ts";
import { outcomeText } from "./run/outcome-text.ts";

export type ArtifactsFlags = SharedFlags & {
  readonly patch: boolean;
  readonly seed: boolean;
  readonly check?: number | undefined;
};

/** `ouroboros artifacts ID`: what a run has left: its branch, its patch, what its checks printed, its seed. */
export async function artifacts(cli: Cli, flags: ArtifactsFlags, id: string): Promise<Answer | Refusal> {
  const { patch, seed, check } = flags;
  if (Number(patch) + Number(seed) + Number(check !== undefined) > 1) {
    return refuse("wrong_usage", "Cannot print more than one thing", "Choose one of --patch, --seed and --check");
  }
  return look(flags, async (context) => {
    const found = await runArtifacts(context, id);
    if (isRefusal(found)) return found;
    if (!patch && !seed && check === undefined) return overview(cli, found);
    const body = patch ? await patchAnswer(found) : seed ? seedAnswer(found) : await checkAnswer(context, found, check);
    return isRefusal(body) || !cli.style.forPeople ? body : { ...body, text: harmless(body.text) };
  });
}

/** Agents wrote it, and a terminal obeys control characters; a file or a program gets every byte. */
function harmless(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n\t]/gu, "\uFFFD");
}

async function patchAnswer({ tree }: RunArtifacts): Promise<Answer | Refusal> {
  const patch = await patchOf(tree.workspace);
  if (patch !== null) return { json: { session_id: tree.session_id, patch }, text: patch };
  const where = tree.workspace?.repository;
  return refuse(
    "no_patch",
    where === undefined || tree.workspace?.branch === null
      ? `${tree.session_id} has no branch of its own, so there is no patch of it`
      : `The branch of ${tree.session_id} cannot be read from ${where}`,
    `\`ouroboros status ${tree.session_id}\` shows where it worked`,
  );
}

function seedAnswer({ tree, seed }: RunArtifacts): Answer | Refusal {
  if (seed.yaml !== null) return { json: { session_id: tree.session_id, ...seed }, text: ended(seed.yaml) };
  return refuse(
    "no_seed",
    `The seed of ${tree.session_id} is nowhere to be found`,
    "`ouroboros seed list` shows those that are",
  );
}

/** The latest output of a criterion's check. */
async function checkAnswer(
  context: SessionContext,
  { tree, checks }: RunArtifacts,
  index: number | undefined,
): Promise<Answer | Refusal> {
  const record = checks.findLast((one) => one.index === index);
  const output = record && (await outputOf(context, record));
  if (record && output !== undefined) return { json: { ...record, output }, text: ended(output) };
  const known = [...new Set(checks.map((one) => one.index))].join(", ");
  const next = known === "" ? "Nothing was checked yet" : `Checked were: ${known}`;
  return refuse("no_check", `No output of a check of criterion ${index} is kept for ${tree.session_id}`, next);
}

async function overview({ style }: Cli, { tree, seed, checks }: RunArtifacts): Promise<Answer> {
  const files = await changedFiles(tree.workspace);
  const { session_id, workspace, criteria } = tree;
  const rows = table(
    style,
    [
      { heading: "CRITERION", cell: (check) => String(check.index) },
      { heading: "OF", cell: (check) => check.of },
      { heading: "VERDICT", cell: (check) => check.verdict },
      { heading: "OUTPUT", cell: (check) => check.output_hash?.slice(0, 12) ?? "" },
      { heading: "WHY", cell: (check) => check.reason ?? "", grows: true },
    ],
    checks,
  );
  const more = [
    ...(checks.length > 0 ? [`What a check printed: ouroboros artifacts ${session_id} --check N`] : []),
    ...(seed.yaml === null ? [] : [`The seed: ouroboros artifacts ${session_id} --seed`]),
  ];
  const text = outcomeText({ tree, files }) + (checks.length > 0 ? rows : "") + (style.forPeople ? lines(more) : "");
  const json = { session_id, workspace, criteria, files, checks, seed_hash: seed.hash };
  return { json, text: text === "" ? lines([`${session_id} has left nothing but its events.`]) : text };
}

function ended(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
