"""Stage `sheets`: one contact sheet per style from the pictures planned for it, with the prompts beneath.

Only pastes and letters what was drawn (--pictures), into the folder --out.
"""

import json
import textwrap

from PIL import Image, ImageDraw, ImageFont

COLUMNS, CELL, LETTERS = 8, 128, 30


def sheet(jobs, folder):
    rows = -(-len(jobs) // COLUMNS)
    page = Image.new("RGB", (COLUMNS * CELL, rows * (CELL + LETTERS)), "white")
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(11)
    for n, job in enumerate(jobs):
        x, y = n % COLUMNS * CELL, n // COLUMNS * (CELL + LETTERS)
        page.paste(Image.open(folder / job["path"]).convert("RGB"), (x, y))
        for line, text in enumerate(textwrap.wrap(job["prompt"], 22)[:2]):
            pen.text((x + CELL / 2, y + CELL + 2 + 13 * line), text, "#333", font, anchor="ma")
    return page


def main(work, args):
    jobs = [json.loads(line) for line in (work / "jobs.jsonl").read_text().splitlines()]
    args.out.mkdir(parents=True, exist_ok=True)
    for row in dict.fromkeys(job["row"] for job in jobs if job["row"].startswith("sheet ")):
        wanted = [job for job in jobs if job["row"] == row]
        sheet(wanted, args.pictures).save(args.out / f"{row.removeprefix('sheet ')}.webp", quality=88)
