#!/bin/sh
# What is in the endpoint and in the project, as CycloneDX (`make sbom`), and which of it has known vulnerabilities (`make audit`).
# Usage: sbom.sh sbom|audit. The tools have an environment of their own; the list of the endpoint is solved from its group.
set -eu
tools=.venv/sbom/bin
out=state/sbom
mkdir -p "$out"

stop() {
  echo "error: $*" >&2
  exit 1
}

is_told() {  # whether what is asked is pypi.org, which has a list of vulnerabilities for each release, and no mirror
  "$tools/python" -c 'import sys, requests; sys.exit("vulnerabilities" not in requests.get(sys.argv[1], timeout=30).json())' "$1" 2>/dev/null
}

[ -x "$tools/pip-audit" ] || {
  python -m venv .venv/sbom
  "$tools/python" -m pip install --quiet --constraint constraints.txt --upgrade pip    # that of Python 3.11 knows no --group
  "$tools/python" -m pip install --quiet --constraint constraints.txt --group sbom
}
uv pip compile --quiet --no-header --no-annotate --constraint constraints.txt --group inference --output-file "$out/endpoint.txt"
if [ "$1" = audit ]; then
  release=https://pypi.org/pypi/pip/$(sed -n 's/^pip==//p' constraints.txt)/json
  is_told "$release" || stop "nothing was audited: $release does not say what is vulnerable (no network, or a mirror); run it where pypi.org itself answers"
  exec "$tools/pip-audit" --requirement "$out/endpoint.txt" --strict --no-deps --disable-pip --progress-spinner off
fi
export PYTHONWARNINGS=ignore::UserWarning:cyclonedx.model.bom    # that a list of packages has no root that needs them
"$tools/cyclonedx-py" requirements --output-reproducible --output-file "$out/endpoint.cdx.json" "$out/endpoint.txt"
"$tools/cyclonedx-py" environment --output-reproducible --pyproject pyproject.toml --output-file "$out/project.cdx.json" .venv/bin/python
ls "$out"/*.cdx.json
