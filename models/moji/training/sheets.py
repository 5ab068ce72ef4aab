"""Stage `sheets`: one contact sheet per style from the pictures planned for it, and one of the hundred prompts as people type them,
with the prompts beneath.

Only pastes and letters what was drawn (--pictures), into the folder --out.
"""

import json
import textwrap

from PIL import Image, ImageDraw, ImageFont

SIDE, LETTERS = 128, 30
STYLES, ASKED = (8, SIDE), (10, 96)  # columns, and the side of a picture


def sheet(jobs, folder, columns, cell):
    rows = -(-len(jobs) // columns)
    page = Image.new("RGB", (columns * cell, rows * (cell + LETTERS)), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(11 * cell // SIDE + 1)
    for n, job in enumerate(jobs):
        x, y = n % columns * cell, n // columns * (cell + LETTERS)
        page.paste(Image.open(folder / job["path"]).convert("RGB").resize((cell, cell), Image.LANCZOS), (x, y))
        for line, text in enumerate(textwrap.wrap(job["prompt"], 22)[:2]):
            pen.text((x + cell / 2, y + cell + 2 + 13 * line), text, "#333", font, anchor="ma")
    return page


def main(work, args):
    jobs = [json.loads(line) for line in (work / "jobs.jsonl").read_text().splitlines()]
    args.out.mkdir(parents=True, exist_ok=True)
    for row in dict.fromkeys(job["row"] for job in jobs if job["row"].startswith("sheet ")):
        wanted = [job for job in jobs if job["row"] == row]
        sheet(wanted, args.pictures, *STYLES).save(args.out / f"{row.removeprefix('sheet ')}.webp", quality=88)
    if asked := [job for job in jobs if job["row"] == "natural 1"]:
        sheet(asked, args.pictures, *ASKED).save(args.out / "asked.webp", quality=70)
