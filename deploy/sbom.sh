#!/bin/sh
# What is in the endpoint and in the project, as CycloneDX (`make sbom`), and which of it has known vulnerabilities (`make audit`).
# Usage: sbom.sh sbom|audit. The tools have an environment of their own; the list of the endpoint is solved from its group.
set -eu
tools=.venv/sbom/bin
out=state/sbom
mkdir -p "$out"
[ -x "$tools/pip-audit" ] || {
  python -m venv .venv/sbom
  "$tools/python" -m pip install --quiet --constraint constraints.txt --group sbom
}
uv pip compile --quiet --no-header --no-annotate --constraint constraints.txt --group inference --output-file "$out/endpoint.txt"
if [ "$1" = audit ]; then
  exec "$tools/pip-audit" --requirement "$out/endpoint.txt" --strict --no-deps --disable-pip --progress-spinner off
fi
"$tools/cyclonedx-py" requirements --output-reproducible --output-file "$out/endpoint.cdx.json" "$out/endpoint.txt"
"$tools/cyclonedx-py" environment --output-reproducible --pyproject pyproject.toml --output-file "$out/project.cdx.json" .venv/bin/python
ls "$out"/*.cdx.json
