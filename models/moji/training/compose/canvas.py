"""One picture in the making: the ground, what stands on it, and what is said about it.

A canvas knows where the floor is and what falls from the sky; what is put on it, and where, the kinds decide.
"""

from dataclasses import dataclass, field

import numpy as np
from PIL import Image

from compose.paint import GROUNDS, SIDE, as_image, rain, snow
from compose.paste import fit, put, shadow
from compose.scenes import PLACES

ON_THE_GROUND = ("land", "snow", "rain")
AFLOAT = ("sky", "space", "under")


@dataclass
class Sample:
    picture: np.ndarray  # uint8 [128, 128, 3]
    alpha: np.ndarray  # uint8 [128, 128], what stands on the ground; 255 all over where the ground is a place
    caption: str
    facts: dict = field(default_factory=dict)  # kind, things (labels), colour, count, place, ground, relation


class Canvas:
    def __init__(self, glyphs, rng, place=None, ground="white"):
        self.glyphs, self.rng, self.place = glyphs, rng, place
        self.things = Image.new("RGBA", (SIDE, SIDE))
        self.middle = SIDE / 2 + rng.uniform(-4, 4)
        self.flip = rng.random() < 0.25
        self.words = ""
        if place:
            scene = PLACES[place].paint(rng, glyphs)
            self.behind, self.air, self.ground = scene.picture, scene.air, None
            self.floor = scene.floor * SIDE + rng.uniform(-2, 4)
            self.words = rng.choice(PLACES[place].there)
        else:
            self.lay(ground)
            self.air, self.floor = "plain", SIDE / 2 + 52 + rng.uniform(-3, 3)

    @property
    def is_plain(self):
        return self.air == "plain"

    def lay(self, ground):
        """A plain ground, and the words for it: none for white, half of the time."""
        self.ground, self.behind = ground, np.broadcast_to(np.array(GROUNDS[ground], np.float32), (SIDE, SIDE, 3))
        named = ground != "white" or self.rng.random() < 0.12
        self.words = self.rng.choice((f"on {ground}", f"on a {ground} background", f"{ground} background", f"with a {ground} background")) if named else ""

    def bottom_for(self, image):
        """Where the drawing's lower edge goes when it is alone: centred on a plain ground or afloat, else on the floor."""
        if self.air in AFLOAT:
            return SIDE / 2 + image.height / 2 + 4
        return SIDE / 2 + image.height / 2 + self.rng.uniform(-3, 3) if self.is_plain else self.floor

    def stand(self, image, centre, bottom, flies=False, flip=False):
        """Puts a drawing down, with its shadow where there is ground; returns its box."""
        if self.air in ON_THE_GROUND and not flies:
            shadow(self.things, centre, bottom, image.width)
        return put(self.things, image, centre, bottom, flip)

    def draw(self, label, side, colour=None):
        """A thing at `side` px, people in some skin tone."""
        toned = self.glyphs.toned(label, self.rng) if self.glyphs.things.is_person(label) else label
        return fit(self.glyphs.glyph(toned, colour), side)

    def finish(self, caption, **facts):
        picture = as_image(self.behind).convert("RGBA")
        picture.alpha_composite(self.things)
        out = np.asarray(picture.convert("RGB"))
        if self.air in ("rain", "snow"):
            fallen = (rain if self.air == "rain" else snow)(out.astype(np.float32), self.rng)
            out = np.clip(fallen, 0, 255).astype(np.uint8)
        alpha = np.asarray(self.things.getchannel("A")) if self.is_plain else np.full((SIDE, SIDE), 255, np.uint8)
        said = " ".join(f"{caption} {self.words}".split())
        return Sample(out, alpha, said, {"place": self.place, "ground": self.ground, **facts})
