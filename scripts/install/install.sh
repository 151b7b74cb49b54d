#!/bin/sh
# Installs Ouroboros @VERSION@ for this user. Run it with --help to see how.
# A release writes this file: names between @ signs are filled in there.
set -eu

usage() {
  cat <<'END'
Usage: sh install.sh [--version VERSION] [--to DIR] [--replace]

  --version VERSION  another version than the one this script came with
  --to DIR           where the program goes; ~/.local/bin unless told
  --replace          also in the place of a program of this name that is not this one, such as the Python one

It needs no root, changes no profile of a shell, and puts one file in place, after its SHA-256 was found to be what the
release says. OUROBOROS_RELEASES names another place to fetch from. Where the GitHub CLI (gh) is signed in, the file's
attestation is checked too; OUROBOROS_NO_ATTESTATION=1 leaves that out.
END
}

say() { printf '%s\n' "$@"; }
fail() {
  printf 'Cannot install Ouroboros: %s\n' "$*" >&2
  exit 1
}
has() { command -v "$1" >/dev/null 2>&1; }

# The name of this machine's file among those of a release.
file_for_this_machine() {
  system=$(uname -s)
  machine=$(uname -m)
  case $machine in
    x86_64 | amd64) machine=x64 ;;
    arm64 | aarch64) machine=arm64 ;;
    *) fail "there is no program for a processor of the kind $machine" ;;
  esac
  case $system in
    Darwin)
      # Under Rosetta a processor of Apple's says that it is Intel's.
      if [ "$machine" = x64 ] && [ "$(sysctl -n sysctl.proc_translated 2>/dev/null)" = 1 ]; then machine=arm64; fi
      say "ouroboros-darwin-$machine"
      ;;
    Linux)
      if [ -e /lib64/ld-linux-x86-64.so.2 ] && [ "$machine" = x64 ]; then say ouroboros-linux-x64
      elif [ -e /lib/ld-linux-aarch64.so.1 ] && [ "$machine" = arm64 ]; then say ouroboros-linux-arm64
      elif [ -e /lib/ld-musl-x86_64.so.1 ] && [ "$machine" = x64 ]; then say ouroboros-linux-x64-musl
      elif [ -e /lib/ld-musl-aarch64.so.1 ] && [ "$machine" = arm64 ]; then say ouroboros-linux-arm64-musl
      else fail "neither glibc nor musl is where a Linux of the kind $machine has it"
      fi
      ;;
    *) fail "there is no program for $system; on Windows use install.ps1" ;;
  esac
}

# fetch URL FILE
fetch() {
  if has curl; then
    case $1 in https:*) only='=https' ;; *) only='=http' ;; esac
    if [ -t 2 ]; then look=--progress-bar; else look=--silent; fi
    curl --fail --location --show-error "$look" --proto "$only" --output "$2" "$1"
  elif has wget; then
    # Only one of the programs of this name knows how to stop trying; none can be told to follow to https alone, so where it
    # was sent on to is looked at afterwards.
    case $(wget --version 2>/dev/null) in *GNU*) tries=--tries=2 ;; *) tries= ;; esac
    # shellcheck disable=SC2086
    said=$(wget -q -S $tries -O "$2" "$1" 2>&1) && case $1 in
      https:*) ! say "$said" | grep -qi '^ *location: *http:' || fail "$1 sends on to plain http, where anybody could change it" ;;
    esac
  else
    fail "neither curl nor wget is here"
  fi || fail "$1 could not be fetched"
}

sha256_of() {
  if has sha256sum; then sum=$(sha256sum <"$1")
  elif has shasum; then sum=$(shasum -a 256 <"$1")
  elif has openssl; then sum=$(openssl dgst -sha256 -r <"$1")
  else fail "none of sha256sum, shasum and openssl is here to check what was fetched"
  fi
  say "${sum%% *}"
}

# sum_in LIST FILE: what the list of a release says of one of its files.
sum_in() {
  while read -r sum name; do
    if [ "$name" = "$2" ]; then
      say "$sum"
      return
    fi
  done <"$1"
}

# Sums prove that nothing was lost on the way; that it was this project's release that made the file is proven by its
# attestation, which GitHub keeps by the file's hash. It tells it only to those who are signed in.
check_attestation() {
  [ -z "${OUROBOROS_NO_ATTESTATION:-}" ] && has gh || return 0
  gh auth status --hostname github.com >/dev/null 2>&1 && gh attestation verify --help >/dev/null 2>&1 || return 0
  gh attestation verify "$1" --repo '@REPOSITORY@' >/dev/null ||
    fail "gh found no attestation of @REPOSITORY@ for $file; OUROBOROS_NO_ATTESTATION=1 leaves this check out"
  say "Its attestation is good: it was built by a release of @REPOSITORY@."
}

is_script() { [ "$(head -c 2 "$1" 2>/dev/null | tr -d '\0')" = '#!' ]; }

# The first program of this name on PATH.
first_on_path() {
  rest=$PATH:
  while [ -n "$rest" ]; do
    place=${rest%%:*}
    rest=${rest#*:}
    if [ -n "$place" ] && [ -f "$place/ouroboros" ] && [ -x "$place/ouroboros" ]; then
      say "$place/ouroboros"
      return
    fi
  done
}

main() {
  version='@VERSION@'
  releases=${OUROBOROS_RELEASES:-'@RELEASES@'}
  to=
  replace=
  while [ $# -gt 0 ]; do
    case $1 in
      --version | --to)
        [ $# -ge 2 ] && [ -n "$2" ] || fail "$1 needs a value"
        if [ "$1" = --to ]; then to=$2; else version=${2#v}; fi
        shift 2
        ;;
      --replace) replace=yes && shift ;;
      --help | -h) usage && exit 0 ;;
      *) usage >&2 && fail "\"$1\" is unknown" ;;
    esac
  done
  case $version in '' | *[!0-9A-Za-z.+-]*) fail "\"$version\" is no version" ;; esac
  # The sums come the same way as what they vouch for.
  case $releases in
    https://* | http://127.0.0.1:* | http://localhost:*) ;;
    *) fail "only https is good enough for $releases" ;;
  esac
  [ -n "$to" ] || to=${HOME:?}/.local/bin
  file=$(file_for_this_machine)
  from=${releases%/}/download/v$version

  mkdir -p "$to" || fail "$to cannot be made"
  to=$(CDPATH='' cd "$to" && pwd)
  goal=$to/ouroboros
  [ ! -d "$goal" ] || fail "$goal is a folder"
  if [ -z "$replace" ] && [ -e "$goal" ] && is_script "$goal"; then
    fail "$goal is another program, perhaps the Python one: choose another folder with --to, or give --replace"
  fi
  fresh=$(mktemp "$to/.ouroboros.XXXXXX") || fail "$to cannot be written to: choose another folder with --to"
  trap 'rm -f "$fresh" "$fresh.sums" "$fresh.said"' EXIT
  trap 'exit 130' INT TERM HUP

  say "Fetching $file $version"
  fetch "$from/SHA256SUMS" "$fresh.sums"
  wanted=$(sum_in "$fresh.sums" "$file")
  [ -n "$wanted" ] || fail "release $version has no $file"
  fetch "$from/$file" "$fresh"
  actual=$(sha256_of "$fresh")
  [ "$actual" = "$wanted" ] || fail "$file is not what its release says: its SHA-256 is $actual and should be $wanted"
  check_attestation "$fresh"
  chmod 755 "$fresh"
  said=$("$fresh" --version </dev/null 2>"$fresh.said") || {
    # Without its C++ library there is one line for each of a hundred names.
    head -n 3 "$fresh.said" >&2
    fail "$file does not run on this machine (Alpine needs: apk add libstdc++)"
  }
  [ "$said" = "$version" ] || fail "$file should be version $version, and says that it is $said"
  mv -f "$fresh" "$goal"
  say "Installed $goal, version $version"

  found=$(first_on_path)
  case :$PATH: in
    *":$to:"*)
      if [ "$found" != "$goal" ]; then
        say "" "Another program comes first on your PATH: $found"
        if is_script "$found" && head -n 3 "$found" | grep -qi 'python'; then say "It is started by Python."; fi
        say "Remove it, or put $to before its folder."
      fi
      ;;
    *)
      say "" "To be able to call it by its name, add this to your shell's profile, then open a new window:" \
        "  export PATH=\"$to:\$PATH\""
      [ -z "$found" ] || say "(Until then \"ouroboros\" is another program: $found)"
      ;;
  esac
  case :$PATH: in *":$to:"*) call=ouroboros ;; *) call="'$goal'" ;; esac
  say "" "Next, tell your coding agents about it:" "  $call setup"
}

# At the very end, so that a script that was cut on its way does nothing.
main "$@"
