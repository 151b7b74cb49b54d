/** Variables of ours that whatever works in a project is given: what programs need to run at all, and nothing that may hold a secret. */
export function isKeptVariable(name: string): boolean {
  return /^(PATH|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TERM|TZ|TMPDIR|TEMP|TMP|SystemRoot|COMSPEC|APPDATA|LOCALAPPDATA|USERPROFILE)$/i.test(
    name,
  );
}
