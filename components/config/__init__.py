"""Ground floor: typed parameters, where state lives, and errors."""
