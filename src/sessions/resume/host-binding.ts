/** Which host session and project a call came from, where the host says so. Opaque: only ever compared and shown. */
export interface HostBinding {
  readonly host_session_id: string | null;
  readonly project_dir: string | null;
}

/** Reads what Claude Code tells the servers and hooks it starts. */
export function readHostBinding(env: Readonly<Record<string, string | undefined>>): HostBinding {
  return { host_session_id: env.CLAUDE_CODE_SESSION_ID || null, project_dir: env.CLAUDE_PROJECT_DIR || null };
}
