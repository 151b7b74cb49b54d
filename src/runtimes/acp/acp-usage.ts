import * as v from "valibot";
import type { Usage } from "../runtime.ts";

const Count = v.fallback(v.nullish(v.number()), undefined);
const Optional = <Schema extends v.GenericSchema>(schema: Schema) => v.fallback(v.nullish(schema), undefined);

/** Where agents put their counts: the protocol's unstable field, and Gemini CLI's own. */
const Reported = v.object({
  usage: Optional(v.object({ inputTokens: Count, outputTokens: Count, cachedReadTokens: Count })),
  _meta: Optional(
    v.object({
      quota: Optional(v.object({ token_count: Optional(v.object({ input_tokens: Count, output_tokens: Count })) })),
    }),
  ),
});

/** What an agent reports of a turn with its end, and of its cost meanwhile; null when it is nothing. */
export function usageOf(answer: unknown, cost: number | null): Usage | null {
  const parsed = v.safeParse(Reported, answer ?? {});
  const usage = parsed.success ? parsed.output.usage : undefined;
  const count = parsed.success ? parsed.output._meta?.quota?.token_count : undefined;
  if (!usage && !count && cost === null) return null;
  return {
    input_tokens: usage?.inputTokens ?? count?.input_tokens ?? null,
    output_tokens: usage?.outputTokens ?? count?.output_tokens ?? null,
    cached_input_tokens: usage?.cachedReadTokens ?? null,
    cost_usd: cost,
    turns: null,
  };
}
