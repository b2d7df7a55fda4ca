"""Write the complete, hashed requirement files from pyproject.toml; no index address enters them."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent
COMPILE = [
    str(Path(sys.executable).parent / "uv"),
    *("pip", "compile", "--universal", "--python-version", "3.11", "--quiet"),
    *("--generate-hashes", "--no-header", "--no-emit-index-url", "--no-annotate"),
]
SOURCES = {
    "runtime": ["pyproject.toml"],
    "apprise": ["pyproject.toml", "--extra", "apprise", "--constraint", "requirements/runtime.txt"],
    "build": ["--group", "pyproject.toml:build", "--constraint", "requirements/runtime.txt"],
    "dev": [
        *("pyproject.toml", "--group", "dev", "--group", "build"),
        *("--constraint", "requirements/runtime.txt", "--constraint", "requirements/build.txt"),
    ],
}


def main() -> None:
    for name, sources in SOURCES.items():
        output = ["--output-file", f"requirements/{name}.txt"]
        subprocess.run([*COMPILE, *sources, *sys.argv[1:], *output], check=True, cwd=ROOT)


if __name__ == "__main__":
    main()
