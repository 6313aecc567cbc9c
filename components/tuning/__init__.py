"""The search for better parameters of a training: trials, each a whole training, within a budget of time."""
