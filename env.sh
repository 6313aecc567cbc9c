# The project's environment for your shell: `. ./env.sh` in the project's folder, after `make setup`.
# Puts .venv first on PATH and points every tool to state/; what you have set already wins.
PATH="$PWD/.venv/bin:$PATH"
export PATH
exports="$(python -m components.system.shell)" || return 1
eval "$exports"
unset exports
