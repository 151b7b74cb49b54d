import { isRefusal, type Refusal } from "../../../base/refusal.ts";
import { generateProduct } from "../../../workflows/product/generate-product.ts";
import type { Answer } from "../../command.ts";
import { startProgress } from "../../progress.ts";
import { lines, oneLine } from "../../render.ts";
import type { TurnTools } from "../interview/turns.ts";
import { terminalCaller } from "../interview/world.ts";

/** Writes a product's requirements down for the person at this terminal. */
export async function writeProduct(
  { cli, world, mind }: Omit<TurnTools, "brief">,
  sessionId: string,
  { force, cwd }: { readonly force: boolean; readonly cwd: string | undefined },
): Promise<Answer | Refusal> {
  const progress = startProgress(process.stderr, "Writing the requirements …");
  try {
    const request = { sessionId, force, cwd, by: "user" };
    const made = await generateProduct(world, request, terminalCaller(mind), cli.interruption.signal);
    if (isRefusal(made)) return inPmWords(made, sessionId);
    if (made.status !== "generated") throw new Error(`Requirements for a terminal are ${made.status}`);
    const { document, markdown, files } = made;
    const { seedPath: pm_seed_path, pagePath: pm_path, problem: file_problem } = files;
    const where = [pm_path, pm_seed_path].flatMap((path) => (path === null ? [] : [`File: ${oneLine(path)}`]));
    const told = [...where, ...(file_problem === null ? [] : [file_problem])];
    const next = pm_path === null ? [] : [`Next: ouroboros interview --file ${oneLine(pm_path)}`];
    const text = `${markdown}\n${lines([...told, ...next])}`;
    return { json: { session_id: sessionId, pm_path, pm_seed_path, file_problem, document, prd: markdown }, text };
  } finally {
    progress.done();
  }
}

function inPmWords(refusal: Refusal, id: string): Refusal {
  if (refusal.code !== "not_clear_yet") return refusal;
  const next = `Go on with \`ouroboros pm --resume ${id}\`; or \`ouroboros pm generate ${id} --force\`, and the page says so`;
  return { ...refusal, next };
}
