"""Git as a host uses it: a bare repository as a forge keeps it, and commits from a desk."""

import os
import subprocess
from pathlib import Path

IDENTITY = ("-c", "user.name=Marta", "-c", "user.email=marta@example.com")


def git(folder: Path, *words: str) -> str:
    """Git without any person's settings; what it says."""
    environment = {**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
    done = subprocess.run(
        ["git", *IDENTITY, *words], cwd=folder, env=environment, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def new_forge(bare: Path) -> str:
    """An empty repository and its address."""
    git(bare.parent, "init", "--quiet", "--bare", "--initial-branch=main", str(bare))
    return f"file://{bare}"


def commit(folder: Path, name: str, text: str) -> None:
    """Writes a file and commits it."""
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, "utf-8")
    git(folder, "add", name)
    git(folder, "commit", "--quiet", "-m", f"Wrote {name}")
