import { readConfig } from "../../config.ts";
import { listRuntimes, type RuntimeListView } from "../../views/runtime-list.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { startProgress } from "../progress.ts";
import { readMindSources } from "./runtimes/mind-sources.ts";
import { describeRuntimes } from "./runtimes/runtimes-text.ts";

/** `ouroboros runtimes`: the agents that are here, what each can do, and who would be picked for what. Asks no model anything. */
export async function runtimes({ style, interruption }: Cli, flags: SharedFlags): Promise<Answer> {
  const { sources } = await readMindSources(await readConfig({ db: flags.db }));
  const progress = startProgress(process.stderr, "Asking each agent what it is …");
  let view: RuntimeListView;
  try {
    view = await listRuntimes(sources, interruption.signal, (left) => {
      if (left.length > 0) progress.tell(`Waiting for ${left.join(", ")} …`);
    });
  } finally {
    progress.done();
  }
  return { json: view, text: describeRuntimes(style, view) };
}
