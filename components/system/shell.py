"""The project's environment as shell exports, for `env.sh`; see `settings.environment`.

`python -m components.system.shell`
"""

import shlex
import sys
from pathlib import Path

from components.config.errors import ConfigError
from components.config.settings import STATE, environment, no_longer_set
from components.system.files import must_be_writable
from components.system.relocation import follow_folder

if __name__ == "__main__":
    try:
        must_be_writable(STATE, "state")  # Prefect makes its home in it, and not it
        variables, gone = environment(Path.cwd()), no_longer_set(Path.cwd())
    except ConfigError as error:
        print(f"error: {error}", file=sys.stderr)
        sys.exit(1)
    if followed := follow_folder(Path.cwd()):
        print(followed, file=sys.stderr)
    for variable in gone:
        print(f"unset {variable}")
    for variable, value in variables.items():
        print(f"export {variable}={shlex.quote(value)}")
