/** Variables an agent is given of ours: what programs need to run at all, and nothing that may hold a secret of another kind. */
const ALLOWED =
  /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TERM|TZ|TMPDIR|TEMP|TMP|SystemRoot|COMSPEC|APPDATA|LOCALAPPDATA|USERPROFILE)$/i;

/** The environment of an agent: an allow-list of ours, and which step it works on. */
export function agentEnvironment(
  env: Readonly<Record<string, string | undefined>>,
  work: { readonly sessionId: string; readonly step: number },
): Record<string, string> {
  const kept = Object.entries(env).filter(
    (entry): entry is [string, string] => ALLOWED.test(entry[0]) && entry[1] !== undefined,
  );
  return { ...Object.fromEntries(kept), OUROBOROS_SESSION_ID: work.sessionId, OUROBOROS_STEP: String(work.step + 1) };
}
