"""Ground floor: files, processes, locks, entry points, servers and progress; one of each."""
