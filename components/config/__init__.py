"""Ground floor: typed parameters, where state lives, errors, and how a command of ours starts."""
