"""Asking a running endpoint, as the flow does of each Bento before it names a champion."""
