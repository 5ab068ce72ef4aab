"""How often each kind of picture comes, and the frames that people put around what they ask for."""

from compose import relations, subjects

KINDS = {  # name: (how it is composed, share)
    "single": (subjects.single, 16), "colour": (subjects.in_colour, 8), "place": (subjects.in_place, 16), "alone": (subjects.place_alone, 7), "portrait": (subjects.portrait, 6), "count": (subjects.several, 7),
    "sticker": (subjects.as_sticker, 3), "logo": (subjects.as_logo, 3), "pattern": (subjects.pattern, 2), "around": (subjects.surrounded, 3), "size": (subjects.in_size, 2), "family": (subjects.family, 2),
    "beside": (relations.beside, 9), "wearing": (relations.wearing, 9), "holding": (relations.holding, 6), "riding": (relations.riding, 6), "in": (relations.inside, 4), "on": (relations.on_top, 4), "in front of": (relations.in_front_of, 4),
}
SIMPLE = ("single", "colour", "count", "size")  # the first part of the curriculum
RELATED = ("beside", "wearing", "holding", "riding", "in", "on", "in front of", "portrait", "family")  # weighted at its end
FRAMES = ("{}",) * 12 + ("a picture of {}", "an emoji of {}", "a drawing of {}", "an illustration of {}", "{} icon", "draw {}", "a 3d render of {}", "{}, digital art", "{}, cartoon style", "{} emoji")
UNFRAMED = {"alone", "sticker", "logo", "pattern", "portrait"}


def sample(glyphs, rng, kind=None, weights=None):
    """One composed picture. `weights`: {kind: factor on its share}."""
    if kind is None:
        names = list(KINDS)
        kind = rng.choices(names, [KINDS[name][1] * (weights or {}).get(name, 1.0) for name in names])[0]
    made = KINDS[kind][0](glyphs, rng)
    if kind not in UNFRAMED and rng.random() < 0.6:
        place = made.caption
        made.caption = rng.choice(FRAMES).format(place)
    made.facts["kind"] = kind
    return made
