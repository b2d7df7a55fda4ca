"""On what it was measured: software versions and the machine, without names or paths."""

import os
import platform
from importlib.metadata import version
from pathlib import Path

PACKAGES = (
    "aiokafka",
    "asyncpg",
    "fastapi",
    "faststream",
    "pydantic",
    "sqlalchemy",
    "sqlmodel",
    "uvicorn",
    "uvloop",
)


def versions() -> dict[str, str]:
    return {"python": platform.python_version()} | {name: version(name) for name in PACKAGES}


def machine() -> dict[str, str | int]:
    return {
        "processors": os.cpu_count() or 0,
        "processor": _from("/proc/cpuinfo", "model name"),
        "memory_gib": round(int(_from("/proc/meminfo", "MemTotal").split()[0] or 0) / 1024 / 1024),
        "system": f"{platform.system()} {platform.machine()}",
    }


def _from(file: str, key: str) -> str:
    try:
        lines = Path(file).read_text().splitlines()
    except OSError:
        return "0"
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith(key)), "0")
