"""The kind of sounds: what is heard in a recording."""
