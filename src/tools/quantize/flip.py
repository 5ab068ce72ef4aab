"""How different two pictures look when one is flipped for the other: FLIP (Andersson et al. 2020) by flip-evaluator.

    python flip.py FOLDER

For every NAME-fp32.png in the folder and the NAME-int8.png beside it, the mean error, 0 to 1: one JSON list in the order of names.
Needs flip-evaluator alone.
"""
import json
import pathlib
import sys

import flip_evaluator

folder = pathlib.Path(sys.argv[1])
print(json.dumps([float(flip_evaluator.evaluate(str(exact), str(exact).replace("-fp32.png", "-int8.png"), "LDR")[1]) for exact in sorted(folder.glob("*-fp32.png"))]))
