import { isRefusal, type Refusal } from "../../base/refusal.ts";
import { checkEnvironment } from "../../checks/check-environment.ts";
import type { CommandLimits } from "../../checks/run-command.ts";
import { verify } from "../../checks/verify.ts";
import type { CheckedCriterion, Stage1 } from "../../domain/evaluation/evaluation-record.ts";
import type { MechanicalResult } from "../../domain/evaluation/mechanical.ts";
import type { Verification } from "../../domain/run/verdict.ts";
import type { Declared } from "../../evaluation/declared.ts";
import { declaredChecks } from "../../evaluation/declared-checks.ts";
import { type MechanicalCache, runMechanical } from "../../evaluation/run-mechanical.ts";
import type { SessionContext } from "../../sessions/session-context.ts";
import { putBlob } from "../../store/blobs.ts";
import { readMechanical, saveMechanical } from "../../store/mechanical-results.ts";
import { checksConsent } from "../../trust/checks-consent.ts";
import { seedConsent } from "../../trust/seed-consent.ts";
import { runHolds } from "../../workspaces/run-holds.ts";
import type { Bench } from "../../workspaces/workspace.ts";
import { checksInQuestion } from "./checks-to-agree.ts";
import { compareFailures } from "./compare-failures.ts";
import { lookAt } from "./look-at.ts";
import type { Work } from "./work-to-judge.ts";

const MOST_CHANGED = 300;
/** Checks end with their call or with this process: nobody else can lay claim to them. */
const TRUST_MS = 24 * 3_600_000;

/** Called with each thing that was found out, for whoever is watching. */
export type Tell = (message: string) => Promise<void>;

/**
 * The mechanical stage: the project's own checks and those of the criteria, each run by us in a worktree of the work. What fails is run
 * on the untouched tree as well, since nobody is to blame for what had failed before.
 */
export async function runChecks(
  context: SessionContext,
  work: Work,
  { bench, declared, tell }: { readonly bench: Bench; readonly declared: Declared; readonly tell: Tell },
  signal: AbortSignal,
): Promise<Stage1 | Refusal> {
  const limits = limitsUntil(signal);
  const mechanical = await runDeclared(context, bench, declared, { limits, tell });
  const checks: CheckedCriterion[] = [];
  for (const [at, criterion] of work.seed.criteria.entries()) {
    if (signal.aborted) break;
    const base = work.base?.commit ?? null;
    const found = await verify(bench, criterion, { ...limits, base, criteria: work.seed.criteria });
    const check = toChecked(found, await putBlob(context.store, found.output));
    checks.push(check);
    await tell(`${at + 1}. ${criterion.description}: ${check.verdict} (${check.reason})`);
  }
  const before = await beforeOf(context, work, mechanical, { limits, tell }, signal);
  if (isRefusal(before)) return before;
  const compared = before === null ? mechanical : await compareFailures(context, declared, before, mechanical);
  const changed = work.base ? await bench.changedSince(work.base.commit) : [];
  return {
    declared_hash: declared.hash,
    mechanical: compared,
    before,
    checks,
    changed: changed.slice(0, MOST_CHANGED),
  };
}

/** What is kept of a check. */
export function toChecked(found: Verification, output_hash: string): CheckedCriterion {
  const { criterion_key, verdict, reason, command, exit_code, tree_hash, commit, tools } = found;
  const facts = { command, exit_code, output_hash, tree_hash, commit, edited_checks: [...found.edited_checks], tools };
  return { criterion_key, verdict, reason, ...facts };
}

/** What a folder of the work declares, once the user has agreed to that and to the seed's own commands. */
export async function agreedChecks(
  context: SessionContext,
  work: Work,
  bench: Bench,
  signal: AbortSignal,
): Promise<Declared | Refusal> {
  const declared = await declaredChecks(bench.folder, context.allowedPrograms, work.cwd);
  const seed = await seedConsent(context, work.seedText);
  if (isRefusal(seed)) return seed;
  return agreedDeclaration(context, work, { declared, at: work.from }, signal);
}

async function agreedDeclaration(
  context: SessionContext,
  { cwd, subject }: Work,
  { declared, at }: { readonly declared: Declared; readonly at: Work["from"] },
  signal: AbortSignal,
): Promise<Declared | Refusal> {
  const { execution_id } = subject;
  const { home } = context;
  // What the store says is a run's work may be anybody's: it is the run's where its branch here says so, too.
  const isRuns = execution_id !== null && at && (await runHolds(execution_id, { cwd, home, ...at }, signal));
  const question = checksInQuestion(cwd, declared);
  return (await checksConsent(context, question, isRuns ? execution_id : null)) ?? declared;
}

interface Running {
  readonly limits: CommandLimits;
  readonly tell: Tell;
}

async function runDeclared(
  { store, identity }: SessionContext,
  bench: Bench,
  declared: Declared,
  { limits, tell }: Running,
): Promise<MechanicalResult[]> {
  const treeHash = await bench.treeHash();
  const keyOf = (tree: string, hash: string) => ({ tree, declared: hash, machine: identity.machine });
  const cache: MechanicalCache = {
    get: (tree, hash) => readMechanical(store, keyOf(tree, hash)),
    put: (tree, hash, results) => saveMechanical(store, keyOf(tree, hash), results),
  };
  const onResult = async ({ kind, verdict, reason }: MechanicalResult, output: Uint8Array | null) => {
    if (output !== null) await putBlob(store, output);
    if (verdict !== "not_applicable") await tell(`${kind}: ${verdict} (${reason})`);
  };
  const results = await runMechanical(bench.folder, declared, limits, { onResult, treeHash, cache });
  // What a build leaves behind is none of the work: the criteria are checked on the tree that is judged.
  if ((await bench.treeHash()) !== treeHash) await bench.clean();
  return results;
}

/** The untouched tree is only of interest where something of it fails or says nothing now; what nobody has agreed to is not run there either. */
async function beforeOf(
  context: SessionContext,
  work: Work,
  mechanical: readonly MechanicalResult[],
  running: Running,
  signal: AbortSignal,
): Promise<readonly MechanicalResult[] | null | Refusal> {
  const { base } = work;
  if (!base) return null;
  return lookAt(context, work, base, signal, async (bench) => {
    const declared = await declaredChecks(bench.folder, context.allowedPrograms, work.cwd);
    const isOpen = declared.checks.some(({ kind, folder }) => {
      return !mechanical.some((one) => one.kind === kind && one.folder === folder && one.verdict === "pass");
    });
    const may = isOpen && !isRefusal(await agreedDeclaration(context, work, { declared, at: base }, signal));
    const tell: Tell = (message) => running.tell(`before the work, ${message}`);
    return may ? runDeclared(context, bench, declared, { ...running, tell }) : null;
  });
}

/** Limits of checks that nobody's lease stands behind. */
export function limitsUntil(signal: AbortSignal): CommandLimits {
  const trust = { trustMs: () => TRUST_MS, onTrust: () => () => {} };
  return { env: checkEnvironment(process.env), signal, trust };
}
