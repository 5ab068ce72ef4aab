"""Stage `finish`: from a finished base to a finished model folder (--out): all stages after it, in two lanes of one processor each.

Every stage that came to its end leaves a mark in WORK/finished/ and is not run again; one that was stopped goes on from its
checkpoint. `--share 0.01` gives each a hundredth of its minutes or steps, to see the whole way once. A stage's words go to WORK/STAGE.log.
"""

import importlib
import os
import pathlib
import subprocess
import sys
import threading

HERE = pathlib.Path(__file__).resolve().parent
LANES = (("distill", "onestep", "upscaler", "judge"), ("styles", "matte"))
AFTER = ("words", "export", "plan", "draw", "evaluate", "blind", "sheets", "agree", "card")


def command(stage, work, out, share):
    if stage == "draw":
        return ["node", HERE / "draw.mjs", work, out]
    call = [sys.executable, HERE / "train.py", stage, "--work", work, "--threads", "1"]
    module = importlib.import_module(stage)
    if hasattr(module, "MINUTES"):
        call += ["--minutes", str(module.MINUTES * share)]
    elif hasattr(module, "UPDATES"):
        call += ["--steps", str(max(1, round(module.UPDATES * share)))]
    return call + {"export": ["--out", out], "card": ["--out", out], "evaluate": ["--pictures", work / "drawn"], "agree": ["--pictures", work / "drawn", "--out", out], "sheets": ["--pictures", work / "drawn", "--out", out / "sheets"]}.get(stage, [])


def run(stage, work, out, share):
    """Throws CalledProcessError; what the stage said is in its log."""
    mark = work / "finished" / stage
    if mark.exists():
        return
    print(f"finish: {stage}", flush=True)
    with open(work / f"{stage}.log", "a") as log:
        subprocess.run(command(stage, work, out, share), cwd=HERE, stdout=log, stderr=subprocess.STDOUT, check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    mark.parent.mkdir(exist_ok=True)
    mark.touch()


def main(work, args):
    work, out, faults = work.resolve(), (args.out or work / "moji").resolve(), []

    def lane(stages):
        for stage in stages:
            try:
                run(stage, work, out, args.share)
            except subprocess.CalledProcessError as fault:
                faults.append((stage, fault.returncode))
                return

    lanes = [threading.Thread(target=lane, args=(stages,)) for stages in LANES]
    for each in lanes:
        each.start()
    for each in lanes:
        each.join()
    if not faults:
        lane(AFTER)
    for stage, status in faults:
        print(f"finish: {stage} ended with {status}; read {work / f'{stage}.log'}, and call again to go on")
    if faults:
        sys.exit(1)
    print(f"finish: the model is in {out}, the table in {work / 'table.md'}, the blind test in {work / 'blind'}")
