import { isRefusal, type Refusal } from "../../base/refusal.ts";
import type { Payload } from "../../domain/event.ts";
import { type DecidedView, type WhyView, why as whyView } from "../../views/why.ts";
import type { Answer, Cli, SharedFlags } from "../command.ts";
import { look } from "../open.ts";
import { fields, lines } from "../render.ts";
import { paint, type Style } from "../style.ts";

/** `ouroboros why ID` */
export function why({ style }: Cli, flags: SharedFlags, id: string): Promise<Answer | Refusal> {
  return look(flags, async (context) => {
    const view = await whyView(context, id);
    return isRefusal(view) ? view : { json: view, text: describe(style, view) };
  });
}

const SWEEPS: Record<WhyView["verdict"]["sweep"], string> = {
  none: "leaves it alone",
  report: "only reports it",
  pause: "would pause it",
  cancel: "would cancel it",
};

function describe(style: Style, view: WhyView): string {
  const { verdict, decided, bring_back: back } = view;
  const parts = [
    fields(style, [
      ["Session", view.session_id],
      ["Execution", view.execution_id],
      ["Status", view.status],
    ]),
  ];
  if (decided) parts.push(heading(style, "How it came to that"), recorded(style, decided));
  if (back) parts.push(fields(style, [["Can it come back", `${back.possible ? "yes" : "no"}. ${back.how}`]]));
  if (!back) {
    parts.push(
      heading(style, "Verdict of this moment"),
      fields(style, [
        ["Liveness", `${verdict.liveness}: ${verdict.why}`],
        ["A clean-up", SWEEPS[verdict.sweep]],
        ["Rule", verdict.rule],
      ]),
      heading(style, "Evidence"),
      evidence(style, verdict.evidence),
    );
  }
  return parts.join("");
}

function recorded(style: Style, decided: DecidedView): string {
  const head = fields(style, [
    ["Event", `${decided.event_type} (${decided.event_id})`],
    ["At", `${decided.at} UTC`],
    ["By", decided.by],
    ["Reason", decided.reason],
    ["That is", decided.why],
    ["Not before", decided.resume_after],
    ["Clean-up batch", decided.batch_id],
  ]);
  return decided.evidence
    ? head + heading(style, "Evidence of the clean-up") + evidence(style, decided.evidence)
    : head;
}

function heading(style: Style, text: string): string {
  return lines(["", paint(style, "bold", text)]);
}

/** The evidence as it is recorded: its own keys, nested ones as JSON. */
function evidence(style: Style, facts: Payload): string {
  return fields(
    style,
    Object.entries(facts).map(([name, value]) => [
      name,
      value === null ? null : typeof value === "object" ? JSON.stringify(value) : String(value),
    ]),
  );
}
