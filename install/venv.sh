#!/bin/sh
# Make .venv with every package of constraints.txt in it: `make setup`. Does nothing where it is there, whole and at home.
# Whatever is missing on the machine is installed (Debian and Ubuntu), or said in one line with what to type.
set -eu
cd "$(dirname "$0")/.."
wanted=${1:-}

stop() {
  echo "error: $*" >&2
  exit 1
}

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; }

usable() { "$1" -c 'import ensurepip, venv' >/dev/null 2>&1; }

version() { "$1" -c 'import sys; print("%d.%d" % sys.version_info[:2])' 2>/dev/null || echo "not there"; }

need_git() {
  command -v git >/dev/null || sh install/apt.sh git || stop "git is missing; install it, then type the same again"
  said=$(git rev-parse --is-inside-work-tree 2>&1) && return 0
  case $said in
    *"dubious ownership"*) stop "git does not trust this folder, another user owns it; type: git config --global --add safe.directory '$PWD'" ;;
    *) stop "this folder is no git repository, which DVC and the registry need (a downloaded archive?); clone the project, or type: git init" ;;
  esac
}

find_python() {  # the name of a Python that is recent enough; nothing: there is none
  for name in ${wanted:-python3 python3.13 python3.12 python3.11 python3.14}; do
    recent "$name" && echo "$name" && return 0
  done
  return 1
}

choose_python() {
  python=$(find_python) && return 0
  [ -z "$wanted" ] || stop "Python 3.11 or newer is needed, $wanted is $(version "$wanted"); type: make PYTHON=python3.11 (or another)"
  sh install/apt.sh python3 python3-venv || true
  python=$(find_python) && return 0
  sh install/apt.sh python3.11 python3.11-venv || true  # Ubuntu 22.04 has it beside its own
  python=$(find_python) && return 0
  stop "Python 3.11 or newer is needed, python3 is $(version python3); install one, then type: make PYTHON=python3.11"
}

need_venv() {
  usable "$python" && return 0
  package="python$(version "$python")-venv"
  sh install/apt.sh "$package" || stop "$python cannot make a virtual environment; install $package, then type the same again"
  usable "$python" || stop "$python cannot make a virtual environment: its modules venv and ensurepip are missing"
}

at_home() {  # whether the scripts in .venv/bin lead to this folder's .venv: a moved or copied one leads to the old place
  python="$PWD/.venv/bin/python"
  [ -L .venv ] || head -n 3 .venv/bin/pip | grep -qF -e "#!$python" -e "exec' $python" -e "exec' \"$python"
}

whole() { [ -e .venv/installed ] && ! [ pyproject.toml -nt .venv/installed ] && ! [ constraints.txt -nt .venv/installed ]; }

# Python compiles what is imported at its first import; all of it together costs more than the rest of the setup.
# Where Python writes no bytecode every process would compile anew: there all is compiled now.
compiled() { [ -n "${PYTHONDONTWRITEBYTECODE:-}" ]; }

pip() {
  .venv/bin/python -m pip install --quiet "--$(compiled || echo no-)compile" --constraint constraints.txt "$@"
}

pinned() { grep -q "^$1==" constraints.txt; }

find_uv() {  # the path of a uv: the one on the PATH, or the pinned one, which is one wheel; nothing: pip does without
  [ "${JOURNEYMAN_INSTALLER:-uv}" = uv ] && [ -z "${PIP_NO_INDEX:-}" ] || return 1
  command -v uv || { pinned uv && pip uv >&2 && echo .venv/bin/uv; }
}

uv_pip() {  # uv does not read pip's settings: it is told of index and certificates
  index=${PIP_INDEX_URL:-$(.venv/bin/python -m pip config get global.index-url 2>/dev/null)} || true
  certificates=${SSL_CERT_FILE:-${PIP_CERT:-$(.venv/bin/python -m pip config get global.cert 2>/dev/null)}} || true
  [ -z "$certificates" ] || export SSL_CERT_FILE="$certificates"
  UV_DEFAULT_INDEX=${UV_DEFAULT_INDEX:-${index:-https://pypi.org/simple}} "$uv" pip install --quiet $(! compiled || echo --compile-bytecode) \
    --python .venv/bin/python --constraint constraints.txt "$@"
}

PWD=$(pwd -P)
case $PWD in *[%:?]*) stop "the folder $PWD has a %, : or ? in its name, which MLflow and the PATH do not take; rename it" ;; esac
need_git
if [ -d .venv ]; then
  if ! recent .venv/bin/python || ! .venv/bin/python -c 'import pip' >/dev/null 2>&1; then
    echo ".venv is not whole, or its Python is gone or too old; setting it up anew" >&2
    rm -rf .venv
  elif ! at_home; then
    echo ".venv is another folder's, this one was moved or copied; setting it up anew" >&2
    rm -rf .venv
  elif whole; then
    exit 0
  fi
fi
choose_python
need_venv
echo "setting up .venv with $python $(version "$python"): a few minutes" >&2
[ -d .venv ] || "$python" -m venv .venv || stop "$python -m venv .venv failed; see above"
again="the packages of constraints.txt were not all installed (pip says why above)"
pip --upgrade pip || stop "$again; is there a network? Then type the same again"
if uv=$(find_uv); then
  # torch comes by pip, whose own settings may lead to a build for the CPU; uv keeps it, and would take gigabytes of CUDA
  ! pinned torch || pip --progress-bar on torch || stop "$again; type the same again"
  said=$(uv_pip --group dev 2>&1) || {
    echo "uv did not install the packages, pip does ($(printf '%s\n' "$said" | grep . | head -n 1))" >&2
    uv=
  }
fi
[ -n "$uv" ] || pip --progress-bar on --group dev || stop "$again; type the same again"
touch .venv/installed  # made whole or not at all: the marker comes last
