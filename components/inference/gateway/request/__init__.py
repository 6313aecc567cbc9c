"""Reading requests: the body, its encoding, what it holds, in every format that is taken."""
