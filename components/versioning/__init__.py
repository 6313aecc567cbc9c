"""DVC and git: both run as processes, and what `dvc.lock` records."""
