"""Stage `blind`: the decisive test. A viewer names what is to be seen in pictures without their prompts, in an order that tells nothing.

First call: writes WORK/blind/: sheets of 20 numbered pictures of the `natural` rows, shuffled by a fixed seed, and answers.tsv to be
filled in by whoever looks (a number, a tab, everything seen in plain words; `blob` where nothing can be told). Nothing in the folder
tells prompt, seed or row. A thing of a prompt may be said in several ways (girl/woman). Called again with answers.tsv filled in, it matches them with the must-elements and
prints the scores, of the first guess alone and of all that a viewer said ("a cat, perhaps a fox").
"""

import json
import random
import re

from PIL import Image, ImageDraw, ImageFont

from compose.things import plural
from synonyms import SAID, tidy
from synonyms import load as load_synonyms

COLUMNS, ROWS, CELL = 4, 3, 256  # as large as people look at them
PLACE_WORDS = {
    "night": "night stars moon", "sunset mountains": "sunset dusk sunrise", "mountains": "mountains mountain", "sunset sea": "sunset sea ocean", "beach": "beach sea sand", "space": "space stars", "neon city": "city neon skyline", "city at night": "city night",
    "city": "city skyline buildings", "snow": "snow winter", "forest": "forest trees wood", "garden": "garden flowers", "meadow": "grass meadow field hills", "lake": "lake water", "room": "room indoors house", "rain": "rain", "autumn": "autumn leaves fall",
    "desert": "desert sand", "stage": "stage concert", "sky": "sky clouds", "underwater": "underwater sea water",
}
RELATION_WORDS = {"wear": "wearing wears with in", "wearing": "wearing wears with in", "riding": "riding rides on", "ride": "riding rides on", "on": "on sitting atop", "in": "in inside", "holding": "holding holds with carrying", "hold": "holding holds with carrying"}
BETWEEN = "in|inside|on|with|and|next to|beside|wearing|holding|riding|behind|surrounded"  # words that an answer goes on with to the next thing
SEEN_AS = {"cherry blossom": ("pink flower", "pink petal", "pink flower petal")}  # what is seen by whoever does not name the kind

WANTED = {"subject right": "75 %", "everything right": "50 %", "two things": "60 %", "wearing": "50 %", "riding": "50 %", "blobs": "at most 5 %"}


def shuffled(work):
    jobs = [json.loads(line) for line in (work / "jobs.jsonl").read_text().splitlines()]
    jobs = [job for job in jobs if job.get("natural") and (work / "drawn" / job["path"]).exists()]
    random.Random("blind").shuffle(jobs)
    return jobs


def write_sheets(work, folder, jobs):
    folder.mkdir(parents=True, exist_ok=True)
    per_sheet, font = COLUMNS * ROWS, ImageFont.load_default(14)
    for first in range(0, len(jobs), per_sheet):
        page = Image.new("RGB", (COLUMNS * CELL, ROWS * (CELL + 18)), "white")
        pen = ImageDraw.Draw(page)
        for n, job in enumerate(jobs[first : first + per_sheet]):
            x, y = n % COLUMNS * CELL, n // COLUMNS * (CELL + 18)
            page.paste(Image.open(work / "drawn" / job["path"]).convert("RGB").resize((CELL - 6, CELL - 6), Image.LANCZOS), (x, y))
            pen.text((x + 2, y + CELL - 5), str(first + n + 1), "#333", font)
        page.save(folder / f"sheet-{first // per_sheet + 1:02d}.png", optimize=True)
    (folder / "answers.tsv").write_text("".join(f"{n + 1}\t\n" for n in range(len(jobs))))


def says(answer, words):
    """Whether one of the words, or its plural, is in the answer."""
    return any(re.search(rf"\b(?:{re.escape(word)}|{re.escape(plural(word))})\b", answer) for word in words if word)


def names_of(thing, others):
    """A thing's names, and those that it is another word for: who sees a painter has seen an artist."""
    said = {name: [tidy(word) for word in words.split()] for name, words in SAID.items()}
    return [thing, *SEEN_AS.get(thing, ()), *others.get(thing, ()), *said.get(thing, ()), *(name for names in (others, said) for name, words in names.items() if thing in words)]


def seen(job, answer, others):
    """{must-element: seen or not}, the subject first."""
    marks = {}
    for n, thing in enumerate(job.get("things") or ()):
        marks[("subject" if n == 0 else f"thing {n + 1}")] = says(answer, [word for name in thing.split("/") for word in names_of(name, others)])
    if job.get("scene"):
        marks["place"] = says(answer, PLACE_WORDS.get(job["scene"], job["scene"]).split())
    if job.get("colour"):
        marks["colour"] = says(answer, [job["colour"]])
    if job.get("count"):
        marks["count"] = says(answer, [str(job["count"]), {2: "two", 3: "three", 4: "four", 5: "five"}[job["count"]]])
    for relation in job.get("relation") or ():
        marks[f"relation {relation}"] = says(answer, RELATION_WORDS.get(relation, relation).split())
    return marks


def first_guess(answer):
    """What a viewer said without "perhaps …" and "… or …", whose alternative ends where the next thing is told of ("a bear or a cat in a basket")."""
    return re.sub(rf" or (?:(?! (?:{BETWEEN})\b)[^,])*", "", re.sub(r"(?<!^),? \(?perhaps [^,)]*", " ", answer))


def scores(jobs, answers, others):
    """{what is counted: [found or not, …]}"""
    told = [(job, answers[n + 1].lower(), seen(job, answers[n + 1].lower(), others)) for n, job in enumerate(jobs) if answers.get(n + 1)]
    related = lambda *kinds: [all(marks.values()) for job, _, marks in told if set(kinds) & set(job.get("relation") or ())]
    return {
        "subject right": [next(iter(marks.values())) for _, _, marks in told if marks],
        "everything right": [all(marks.values()) for _, _, marks in told if marks],
        "two things": [all(ok for name, ok in marks.items() if name in ("subject", "thing 2")) for job, _, marks in told if len(job.get("things") or ()) > 1],
        "wearing": related("wear", "wearing"),
        "riding": related("ride", "riding"),
        "blobs": ["blob" in answer for _, answer, _ in told],
    }


def table(jobs, answers, others):
    share = lambda found: f"{100 * sum(found) / max(1, len(found)):.0f} %"
    firsts = scores(jobs, {number: first_guess(words) for number, words in answers.items()}, others)
    lines = ["| | wanted | first guess | first or another guess |", "|---|---|---|---|"]
    lines += [f"| {name}, of {len(found)} | {WANTED[name]} | {share(firsts[name])} | {share(found)} |" for name, found in scores(jobs, answers, others).items()]
    return "\n".join(lines) + "\n"


def main(work, args):
    folder, jobs = work / "blind", shuffled(work)
    if not (folder / "answers.tsv").exists():
        write_sheets(work, folder, jobs)
        print(f"blind: {len(jobs)} pictures in {folder}; fill in answers.tsv and call again")
        return
    lines = [line.split("\t", 1) for line in (folder / "answers.tsv").read_text().splitlines() if "\t" in line]
    print(table(jobs, {int(number): words.strip() for number, words in lines}, load_synonyms(work).by_name))
