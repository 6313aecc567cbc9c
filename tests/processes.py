"""What tests that look at processes have in common: one that ends while they look is not there."""

import psutil


def running(processes: list[psutil.Process], words: str) -> list[psutil.Process]:
    """Return those of the processes that run and of which an argument holds the words; zombies do not run."""
    return [process for process in processes if any(words in argument for argument in command(process))]


def command(process: psutil.Process) -> list[str]:
    """Return a process's command line: empty where it has ended."""
    try:
        return list(process.cmdline())
    except (psutil.NoSuchProcess, psutil.ZombieProcess):
        return []


def child(words: str) -> psutil.Process:
    """Return the one child of this process that runs and of which an argument holds the words."""
    (found,) = running(psutil.Process().children(), words)
    return found
