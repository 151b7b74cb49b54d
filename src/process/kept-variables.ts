/** Variables of ours that whatever works in a project is given: what programs need to run at all, and nothing that may hold a secret. */
export function isKeptVariable(name: string): boolean {
  return SYSTEM.test(name) || TOOLCHAIN.test(name);
}

const SYSTEM =
  /^(PATH|PATHEXT|HOME|USER|LOGNAME|SHELL|LANG|LC_\w+|TERM|TZ|TMPDIR|TEMP|TMP|SystemRoot|SystemDrive|COMSPEC|ProgramData|ProgramFiles|APPDATA|LOCALAPPDATA|USERPROFILE)$/i;

/** Where a person's compilers and package managers keep what they have, and which of several to take: cargo on PATH is nothing without its RUSTUP_HOME. */
const TOOLCHAIN = new RegExp(
  `^(${[
    "XDG_(CONFIG|DATA|STATE|CACHE)_HOME",
    "(RUSTUP|CARGO|JAVA|GRADLE_USER|MAVEN|M2|ANDROID|COREPACK|PNPM|VOLTA|POETRY|PIPX|GEM|COMPOSER|MIX|HEX)_HOME",
    "(PYENV|RBENV|NODENV|ANDROID_SDK|DOTNET)_ROOT",
    "(PYENV|RBENV|NODENV)_VERSION",
    "(NVM|FNM|ASDF|ASDF_DATA|MISE_DATA|MISE_CONFIG|SDKMAN|DENO|UV_CACHE|UV_PYTHON_INSTALL)_DIR",
    "RUSTUP_(TOOLCHAIN|AUTO_INSTALL)|GO(PATH|ROOT|CACHE|MODCACHE|TOOLCHAIN)",
    "VIRTUAL_ENV|CONDA_PREFIX|BUN_INSTALL|GEM_PATH|NUGET_PACKAGES",
  ].join("|")})$`,
);
