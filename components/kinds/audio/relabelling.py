"""What recordings are called whose labels may be put right: by their names."""

from components.kinds.examples.relabelling import raw_records as raw_records
