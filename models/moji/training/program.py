"""This repository's own program, as stages call it to learn LoRAs: `fourstep style train` and `fourstep distill` on the base.

Knows no recipe. Needs `npm run build` first. A run that was stopped goes on when it is called again.
"""

import os
import pathlib
import subprocess

import export

MAIN = pathlib.Path(__file__).resolve().parents[3] / "dist" / "src" / "main.js"


def base_model(work):
    """The base as a model folder of its own, written anew where base.pt is newer."""
    folder = (work / "base-model").resolve()
    told = folder / "fourstep.json"
    if not told.exists() or told.stat().st_mtime < (work / "base.pt").stat().st_mtime:
        export.write_base(work, folder)
        export.write_json(told, {key: value for key, value in export.MANIFEST.items() if key not in export.ADDED})
    return folder


def learn(work, command, recipe, steps, out, **options):
    """Runs a training command; throws CalledProcessError where it fails."""
    told = [*command, "--model", base_model(work), "--recipe", recipe, "--steps", steps, "--out", out.resolve()]
    told += [part for name, value in options.items() for part in (f"--{name}", value)]
    subprocess.run(["node", MAIN, *map(str, told)], check=True, env={**os.environ, "FOURSTEP_DATA": str((work / "program").resolve())})
