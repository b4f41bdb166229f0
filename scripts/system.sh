#!/usr/bin/env bash
# Puts on this machine what the tests need from the system; where it may not, says what is missing and what that skips.
# Always ends with 0: a missing program skips the tests that need it, and they say so.
set -u

# Each line: how to tell that it is there | Debian packages | what it is | which tests need it
needs=(
  'has_browser|chromium|a Chromium browser|sign-in through a real browser'
  'has_library libsecret-1.so.0|libsecret-1-0|libsecret|the vault over the real OS keychain'
  'has_program gnome-keyring-daemon|gnome-keyring|gnome-keyring|the vault over the real OS keychain'
  'has_program dbus-run-session|dbus|dbus-run-session|the vault over the real OS keychain'
)

has_program() { command -v "$1" >/dev/null 2>&1; }

has_browser() {
  if [ -n "${CHROMIUM_PATH:-}" ]; then [ -x "$CHROMIUM_PATH" ]; return; fi
  has_program chromium || has_program chromium-browser || has_program google-chrome || has_program google-chrome-stable
}

has_library() {
  # ldconfig lives in sbin, which a plain user's PATH may lack.
  PATH="$PATH:/sbin:/usr/sbin" ldconfig -p 2>/dev/null | grep -qF "$1"
}

missing_packages() {
  local need check package
  for need in "${needs[@]}"; do
    IFS='|' read -r check package _ _ <<<"$need"
    $check || echo "$package"
  done
}

# Only Linux has these parts as packages; elsewhere the system's own keychain and an installed browser serve.
if [ "$(uname -s)" != Linux ]; then
  has_browser || echo 'system: no Chromium found; set CHROMIUM_PATH to one. Skipped without it: sign-in through a real browser.'
  exit 0
fi

mapfile -t packages < <(missing_packages)
if [ "${#packages[@]}" -eq 0 ]; then
  echo 'system: everything that the tests need is installed.'
  exit 0
fi

why=''
if [ ! -e /etc/debian_version ] || ! has_program apt-get; then
  why='this is not a Debian system'
elif [ "$(id -u)" -ne 0 ]; then
  why='only root may install packages'
else
  echo "system: installing ${packages[*]}"
  export DEBIAN_FRONTEND=noninteractive
  # Another installation may hold dpkg's lock: wait for it rather than fail.
  apt=(apt-get -q -y -o DPkg::Lock::Timeout=600 -o Acquire::Retries=3)
  log=$(mktemp)
  if { "${apt[@]}" update && "${apt[@]}" install --no-install-recommends "${packages[@]}"; } >"$log" 2>&1; then
    echo 'system: installed.'
  else
    why='apt-get failed'
    tail -n 15 "$log" >&2
  fi
  rm -f "$log"
fi

for need in "${needs[@]}"; do
  IFS='|' read -r check package what tests <<<"$need"
  $check || echo "system: missing: $what (${why:-it is still not found after the installation}). Skipped without it: $tests. On Debian: apt-get install $package"
done
exit 0
