import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { viewLineage } from "../../views/lineage.ts";
import { lineageText } from "../../views/lineage-text.ts";
import { rewindLineage } from "../../workflows/evolution/rewind-lineage.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { act } from "../open.ts";
import { lines, oneLine } from "../render.ts";

/** `ouroboros lineage rewind LINEAGE N`: goes back to a generation; what came after it is kept aside. */
export function lineageRewind(cli: Cli, flags: SharedFlags, id: string, to: number): Promise<Answer | Refusal> {
  return act(flags, async (context) => {
    const rewound = await rewindLineage(context, { lineageId: id, to, by: "user" }, cli.interruption.signal);
    if (isRefusal(rewound)) return rewound;
    const { lineage, from, branch_note } = rewound;
    const note = branch_note === null ? [] : [oneLine(branch_note)];
    const json = { ...viewLineage(lineage), from_generation: from, to_generation: to, branch_note };
    return { json, text: `${lines([`Rewound from generation ${from} to ${to}.`, ...note])}${lineageText(lineage)}\n` };
  });
}
