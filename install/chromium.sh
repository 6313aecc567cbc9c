#!/bin/sh
# See to it that there is a Chromium for the tests of the endpoint's page: `make chromium`.
# Does nothing where one is on the PATH. Installs Debian's package, or on Ubuntu, whose package is a snap, the build that
# Playwright fetches, into .venv. Elsewhere it says what to install; exit status 1 only where the tests require it.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
PATH="$here/.venv/bin:$PATH"

runs() {
  for name in chromium chromium-browser google-chrome google-chrome-stable; do
    command -v "$name" >/dev/null && "$name" --version >/dev/null 2>&1 && return 0
  done
  return 1
}

fetched() {  # Playwright's build, by the name `chromium` in .venv/bin
  export PLAYWRIGHT_BROWSERS_PATH="$here/.venv/browsers"
  echo "fetching Chromium with playwright install chromium, into .venv" >&2
  playwright install chromium </dev/null >"$here/.venv/chromium.log" 2>&1 || return 1
  for chrome in "$PLAYWRIGHT_BROWSERS_PATH"/chromium-*/chrome-linux*/chrome; do
    ln -sf "$chrome" "$here/.venv/bin/chromium"
  done
  runs || playwright install-deps chromium </dev/null >>"$here/.venv/chromium.log" 2>&1
}

drives() { ! [ -x "$here/.venv/bin/playwright" ] || playwright --version >/dev/null 2>&1; }

# Playwright's driver wants a library that a bare Debian has not
drives || sh "$here/install/apt.sh" libatomic1 || true
drives || echo "Playwright cannot drive Chromium: playwright --version says which library is missing" >&2
runs && exit 0
status=0
if apt-cache policy chromium 2>/dev/null | grep -q 'Candidate: [0-9]' || ! grep -qs '^ID=ubuntu' /etc/os-release; then
  sh "$here/install/apt.sh" chromium || status=$?
else
  fetched || status=3
fi
runs && exit 0

case $status in
  2) what="install it: apt-get install chromium as root, dnf install chromium, pacman -S chromium" ;;
  3) what="fetching it failed, .venv/chromium.log says why; .venv/bin/playwright install --with-deps chromium, or Google's package google-chrome-stable, brings one" ;;
  0) what="what was installed does not run: chromium --version says why" ;;
  *) what="installing it failed, is there a network? Type make chromium again" ;;
esac
if [ -n "${JOURNEYMAN_REQUIRE_CHROMIUM:-}" ]; then
  echo "error: Chromium is missing, which the tests of the endpoint's page need; $what" >&2
  exit 1
fi
echo "Chromium is missing, so the tests of the endpoint's page will be skipped; $what" >&2
