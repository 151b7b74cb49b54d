# Sourced by scripts/test and scripts/demo: installs what the project needs, inside the checkout, and puts Bun on PATH.
set -eu
cd "$(dirname "$0")/.."

say() { printf '\n== %s\n' "$*"; }

command -v node >/dev/null 2>&1 || { echo "Node 20 or newer with npm is needed: install it first" >&2; exit 1; }
node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' ||
  { echo "Node 20 or newer is needed: this is $(node --version)" >&2; exit 1; }

mkdir -p .work/tmp
# Nothing is left outside the checkout: caches and temporary files live in .work, which git ignores.
export npm_config_cache="$PWD/.work/npm-cache" npm_config_update_notifier=false
export DENO_DIR="$PWD/.work/deno" BUN_INSTALL_CACHE_DIR="$PWD/.work/bun-cache"

# Installs a folder's locked packages unless that was done for exactly this lock file already.
install_locked() {
  stamp="$1/node_modules/.installed"
  if [ -f "$stamp" ] && cmp -s "$1/package-lock.json" "$stamp"; then return; fi
  say "Installing the locked packages of $1"
  # Not "npm ci": it refuses a lock file without the optional packages of other platforms, which not every registry has.
  npm install --prefix "$1" --no-save --no-fund --no-audit --loglevel=error
  cp "$1/package-lock.json" "$stamp"
}

install_locked .
# Install scripts are off, so Bun's own program is put into place by hand; a Bun 1.4 or newer on PATH goes first.
if command -v bun >/dev/null 2>&1 && bun -e 'const [a, b] = Bun.version.split(".").map(Number); process.exit(a > 1 || b >= 4 ? 0 : 1)' 2>/dev/null; then
  say "Using the Bun on PATH: $(bun --version)"
else
  node node_modules/bun/install.js
  PATH="$PWD/node_modules/.bin:$PATH"
  export PATH
  say "Using Bun from the npm registry: $(bun --version)"
fi
