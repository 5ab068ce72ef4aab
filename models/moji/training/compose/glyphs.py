"""The drawings of one set, trimmed and by label: the house set, or another hand's for a style.

The house set is Fluent 3D where Microsoft's own repository holds the same drawing (../house.txt), its gradient drawing elsewhere,
and our own. Other sets draw what they have; `has` tells.
"""

import json
import pathlib
import re

import numpy as np
from PIL import Image

import art
from compose.paint import recolour
from compose.things import FACES, TONES, Things, code_of

HERE = pathlib.Path(__file__).resolve().parent
FAINT = 24  # alpha up to this is not the drawing


def slug(label):
    return re.sub(r"[^a-z0-9]+", "-", label.lower().replace("’", "").replace("'", "")).strip("-")


def rows_by_code(work, modules, name, things):
    """{code: row} of a set; Iconify names its drawings by a table of code points or by the slug of CLDR's label."""
    names, _ = art.read(work, name)
    if name == "house":
        return {code_of(stem): row for row, stem in enumerate(names)}
    row = {stem: n for n, stem in enumerate(names)}
    table = modules / art.SETS[name] / "chars.json"
    if not table.exists():  # the gradient set shares the names of the flat one
        table = modules / art.SETS["flat"] / "chars.json"
    found = {}
    for hexcode, stem in json.loads(table.read_text()).items() if name in ("fluent", "flat", "noto", "twemoji") else ():
        if stem in row:
            found.setdefault(code_of(hexcode), row[stem])
    for label, code in things.code.items():
        if slug(label) in row:
            found.setdefault(code, row[slug(label)])
    return found


class Glyphs:
    def __init__(self, work, name="house", hidden=frozenset()):
        """`hidden`: labels that are not there, to be kept unseen."""
        modules = art.packages(work)
        self.name, self.things, self.hidden = name, Things(modules), hidden
        self.rows = {}  # code: (pixels of a set, row)
        if name == "house":
            allowed = {code_of(code) for code in (HERE.parent / "house.txt").read_text().split()}
            self._add(work, modules, "fluent", lambda code: code not in allowed)
            self._add(work, modules, "house", lambda code: code in allowed)
        else:
            self._add(work, modules, name, lambda code: True)
        if name in ("house", "flat"):
            names, pixels = art.read(work, "own")
            self.rows.update({f"own {label}": (pixels, row) for row, label in enumerate(names)})
        self.cache = {}
        self.all = [label for label in self.things.all if self.has(label)]
        self.countable = [label for label in self.things.countable if self.has(label)]
        self.animals = [label for label in self.things.animals if self.has(label)]
        self.people = [label for label in self.things.people if self.has(label)]
        self.marine = [label for label in self.things.marine if self.has(label)]
        self.faces = sorted(label for label in FACES if self.has(label))

    def _add(self, work, modules, name, wanted):
        _, pixels = art.read(work, name)
        for code, row in rows_by_code(work, modules, name, self.things).items():
            if wanted(code):
                self.rows[code] = (pixels, row)

    def has(self, label):
        return label not in self.hidden and self.things.code.get(label) in self.rows

    def only(self, labels):
        return [label for label in labels if self.has(label)]

    def glyph(self, label, colour=None):
        """Trimmed RGBA image, shared: do not draw on it."""
        key = (label, colour)
        if key not in self.cache:
            pixels, row = self.rows[self.things.code[label]]
            rgba = np.array(pixels[row])
            image = Image.fromarray(recolour(rgba, colour) if colour else rgba)
            self.cache[key] = image.crop(image.getchannel("A").point(lambda a: 255 if a > FAINT else 0).getbbox())
        return self.cache[key]

    def toned(self, label, rng):
        """A person in some skin tone, two of five times in the set's yellow."""
        if rng.random() < 0.4:
            return label
        tone = rng.choice(TONES)
        base, _, hair = label.partition(": ")
        toned = f"{base}{tone}, {hair}" if hair and tone else label + tone
        return toned if self.has(toned) else label
