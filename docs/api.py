"""The tables of `docs/api.md`, made from the OpenAPI of an endpoint that runs: `python -m docs.api http://127.0.0.1:3000`.

A table stands between two comments of the page, `<!-- NAME -->` and `<!-- end -->`. It holds what every endpoint of the
kind has in common, whatever its workload's classes or columns.
"""

import argparse
import json
import re
import urllib.request
from pathlib import Path
from typing import Any

from flows.tables import markdown

PAGE = Path(__file__).parent / "api.md"


def page(text: str, specification: dict[str, Any]) -> str:
    """Return the page with each of its tables as the specification is now.

    Raises:
        KeyError: a comment names a table that is not known.
    """
    made = {"routes": routes(specification), "answer": answer(specification), "refusals": refusals(specification)}
    return re.sub(
        r"(<!-- (?!end)([a-z]+) -->\n).*?(<!-- end -->)",
        lambda found: f"{found[1]}\n{made[found[2]]}\n\n{found[3]}",
        text,
        flags=re.DOTALL,
    )


def routes(specification: dict[str, Any]) -> str:
    """Return a table of the routes: what each takes, and with which statuses it answers."""
    rows = [
        [f"`{method.upper()} {path}`", _media(operation), ", ".join(sorted(operation["responses"]))]
        for path, operations in sorted(specification["paths"].items())
        for method, operation in sorted(operations.items())
    ]
    return markdown(["route", "takes", "answers"], rows)


def answer(specification: dict[str, Any]) -> str:
    """Return a table of the fields of what `POST /predict` answers."""
    schema = specification["paths"]["/predict"]["post"]["responses"]["200"]["content"]["application/json"]["schema"]
    rows = [[f"`{name}`", field["type"], field["description"]] for name, field in schema["properties"].items()]
    return markdown(["field", "type", "meaning"], rows)


def refusals(specification: dict[str, Any]) -> str:
    """Return a table of the statuses of `POST /predict` besides 200, and what each means."""
    responses = specification["paths"]["/predict"]["post"]["responses"]
    rows = [[status, refusal["description"]] for status, refusal in sorted(responses.items()) if status != "200"]
    return markdown(["status", "meaning"], rows)


def _media(operation: dict[str, Any]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(operation.get("requestBody", {}).get("content", {})))


def main() -> None:
    """Write the page anew."""
    parser = argparse.ArgumentParser("python -m docs.api", description="The tables of docs/api.md.")
    parser.add_argument("url", help="an endpoint of pictures that runs: make serve")
    with urllib.request.urlopen(f"{parser.parse_args().url}/docs.json") as document:
        PAGE.write_text(page(PAGE.read_text(), json.load(document)))


if __name__ == "__main__":
    main()
