import { type MechanicalResult, regressionsOf } from "../../domain/evaluation/mechanical.ts";
import { isSameFailure } from "../../domain/evaluation/same-failure.ts";
import type { Declared } from "../../evaluation/declared.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { getBlob } from "../../store/blobs.ts";

/** Marks what failed before as well and complains of something else now. */
export async function compareFailures(
  { store }: SessionContext,
  { checks }: Declared,
  before: readonly MechanicalResult[],
  after: readonly MechanicalResult[],
): Promise<MechanicalResult[]> {
  const textOf = async ({ output_hash }: MechanicalResult) => {
    const body = output_hash === null ? undefined : await getBlob(store, output_hash);
    return body && new TextDecoder().decode(body);
  };
  return Promise.all(
    after.map(async (now) => {
      const earlier =
        regressionsOf(before, [now]).failing_before.length > 0 && before.find((one) => isOfSame(one, now));
      if (!earlier) return now;
      const [then, since] = await Promise.all([textOf(earlier), textOf(now)]);
      const script = checks.find((one) => one.source === now.source && one.folder === now.folder)?.script ?? "";
      const isSame = then !== undefined && since !== undefined && isSameFailure(then, since, script);
      return { ...now, unlike_before: !isSame };
    }),
  );
}

function isOfSame(one: MechanicalResult, other: MechanicalResult): boolean {
  return one.kind === other.kind && one.folder === other.folder && one.verdict === other.verdict;
}
