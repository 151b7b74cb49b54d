import type { Usage } from "../../../runtimes/runtime.ts";
import { fields, lines } from "../../render.ts";
import type { Style } from "../../style.ts";

/** What came of one question. */
export interface Told {
  readonly answer: Readonly<Record<string, unknown>>;
  readonly mind: string;
  readonly kind: string;
  readonly model: string | null;
  /** Why this one was asked. */
  readonly why: string;
  readonly usage: Usage | null;
  readonly attempts: number;
  readonly ms: number;
}

/** The answer as text, in `plain` words where there are any, and below it who gave it and what it took. */
export function describeAnswer(style: Style, told: Told, plain: string | null): string {
  const { mind, model, why, usage, attempts, ms } = told;
  const who = model === null || mind.endsWith(`/${model}`) ? mind : `${mind} (${model})`;
  return (
    lines([printable(plain ?? JSON.stringify(told.answer, null, 2)), ""]) +
    fields(style, [
      ["Answered by", `${who}; ${why}`],
      ["Usage", usage && inWords(usage)],
      ["Attempts", attempts],
      ["Time", `${(ms / 1000).toFixed(1)} s`],
    ])
  );
}

function inWords({ input_tokens, output_tokens, cached_input_tokens, cost_usd }: Usage): string {
  const parts = [
    input_tokens === null ? "" : `${input_tokens} tokens in`,
    cached_input_tokens === null ? "" : `${cached_input_tokens} of them cached`,
    output_tokens === null ? "" : `${output_tokens} tokens out`,
    cost_usd === null ? "" : `$${cost_usd}`,
  ];
  return parts.filter(Boolean).join(", ");
}

/** A model's words keep their lines; what a terminal would obey is taken out. */
function printable(text: string): string {
  return text
    .split(/\r?\n/)
    .map((line) => line.replaceAll(/[^\P{Cc}\t]|[\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, ""))
    .join("\n");
}
