#!/bin/sh
# Install packages of Debian or Ubuntu: `sh install/apt.sh PACKAGE...`, as root or with sudo.
# Exit status: 0 installed, 1 it failed, 2 there is no apt-get or no right to use it; the caller says what to do.
set -eu

command -v apt-get >/dev/null || exit 2
if [ "$(id -u)" = 0 ]; then
  sudo=
elif command -v sudo >/dev/null && { sudo -n true 2>/dev/null || { [ -t 0 ] && [ -t 2 ]; }; }; then
  sudo=sudo
else
  exit 2
fi

apt() {
  $sudo env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 "$@" </dev/null
}

said=$(mktemp)
trap 'rm -f "$said"' EXIT
echo "installing $* with ${sudo:+$sudo }apt-get" >&2
apt install -y "$@" >"$said" 2>&1 && exit 0
{ apt update || true; apt install -y "$@"; } >"$said" 2>&1 && exit 0  # the lists were empty, or old
grep '^E: ' "$said" | tail -n 1 >&2
exit 1
