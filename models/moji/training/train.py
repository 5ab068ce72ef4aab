"""One command per stage: python train.py STAGE --work DIR. Stages resume from their last checkpoint in DIR.

Knows only the names of the stages; each stage is the module of that name with a `main(work, args)`.
"""

import argparse
import importlib
import pathlib

STAGES = ("art", "words", "vae", "latents", "base", "pack", "gpu", "distill", "onestep", "styles", "upscaler", "judge", "matte", "alpha", "epsilon", "export", "plan", "draw", "agree", "evaluate", "blind", "sheets", "compare", "card", "finish")

if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stage", choices=STAGES)
    parser.add_argument("--work", type=pathlib.Path, default=pathlib.Path("work"), help="folder for everything made on the way")
    parser.add_argument("--minutes", type=float, help="stop after this long (default: the stage's own)")
    parser.add_argument("--steps", type=int, help="distill, styles: updates instead of minutes (default: the stage's own)")
    parser.add_argument("--threads", type=int, default=2, help="CPU threads for torch")
    parser.add_argument("--only", help="styles, upscaler and vae: just this one; draw: rows with this in their name; alpha: grounds")
    parser.add_argument("--batch", type=int, help="gpu: pictures a step, for a rehearsal without a card")
    parser.add_argument("--pieces", type=pathlib.Path, help="pack: the folder of what stage gpu wrote, to be joined to a base again")
    parser.add_argument("--pictures", type=pathlib.Path, help="evaluate, agree, sheets: the folder of drawn pictures; compare: of LoRAs")
    parser.add_argument("--known", type=pathlib.Path, help="words: the vocabulary of another model; plan: other natural prompts")
    parser.add_argument("--out", type=pathlib.Path, help="export, draw, agree, finish: the model folder; gpu: a folder; evaluate: the table; sheets: a folder")
    parser.add_argument("--share", type=float, default=1.0, help="finish: of each stage's minutes")
    args = parser.parse_args()
    if args.minutes and args.stage in ("distill", "styles"):
        parser.error(f"{args.stage} counts updates: say --steps")
    importlib.import_module(args.stage).main(args.work, args)
