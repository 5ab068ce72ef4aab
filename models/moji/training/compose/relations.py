"""Kinds of picture with two things and what is between them: beside, behind, worn, held, ridden, in, on.

Each takes (glyphs, rng) and returns a Sample whose facts name the relation.
"""

from PIL import Image

from compose.canvas import AFLOAT, Canvas
from compose.fittings import BODY_HEADS, BOXED, BOXES, EYE_LINES, GLASSES, HATS, HELD, HIGH_EYES, LOW_HATS, MOUNTS, RIDERS, SEATS, TALL_HATS, back_of, crown_of
from compose.paint import SIDE
from compose.paste import fit, put
from compose.scenes import PLACES
from compose.subjects import plain_ground
from compose.things import name_of, with_article

SMALLEST_HAT = 24  # px; a smaller one is a blot
BACKGROUNDS = ("meadow", "night", "snow", "beach", "sunset mountains", "desert")


def canvas_for(glyphs, rng, afloat=False):
    """Two times of five in a place; `afloat`: also where nothing stands."""
    places = [name for name in PLACES if afloat or name not in ("underwater", "space", "sky")]
    return Canvas(glyphs, rng, rng.choice(places) if rng.random() < 0.4 else None, plain_ground(rng))


def resized(image, width):
    return image.resize((max(4, round(width)), max(4, round(width * image.height / image.width))), Image.BICUBIC)


def beside(glyphs, rng):
    canvas = canvas_for(glyphs, rng)
    first = rng.choice(glyphs.animals + glyphs.people if rng.random() < 0.6 else glyphs.all)
    second = rng.choice([label for label in rng.choices(glyphs.all, k=4) if label != first] or ["red heart"])
    bottom = SIDE / 2 + 30 if canvas.is_plain else canvas.floor
    canvas.stand(canvas.draw(first, rng.uniform(54, 62)), 34 + rng.uniform(-2, 2), bottom, flip=canvas.flip)
    canvas.stand(canvas.draw(second, rng.uniform(54, 62)), 94 + rng.uniform(-2, 2), bottom)
    said = rng.choice(("{} and {}", "{} and {}", "{} next to {}", "{} with {}", "{} beside {}", "{} left of {}", "{} to the left of {}"))
    return canvas.finish(said.format(with_article(name_of(first)), with_article(name_of(second))), things=[first, second], relation="beside")


def in_front_of(glyphs, rng):
    canvas = Canvas(glyphs, rng, rng.choice(BACKGROUNDS) if rng.random() < 0.5 else None, plain_ground(rng))
    first = rng.choice(glyphs.animals + glyphs.people)
    second = rng.choice([label for label in glyphs.all if glyphs.things.kind[label] in ("building", "plant", "vehicle") and label != first])
    right = rng.random() < 0.5
    canvas.stand(canvas.draw(second, 92), 78 if right else 50, canvas.floor - 8)
    canvas.stand(canvas.draw(first, 50), 38 if right else 90, canvas.floor + 4, flip=canvas.flip)
    a, b = with_article(name_of(first)), with_article(name_of(second))
    said = rng.choice((f"{a} in front of {b}", f"{a} by {b}", f"{a} near {b}", f"{b} behind {a}"))
    return canvas.finish(said, things=[first, second], relation="in front of")


def wearing(glyphs, rng):
    canvas, whole = canvas_for(glyphs, rng, afloat=True), rng.random() < 0.35
    label = rng.choice(glyphs.only(BODY_HEADS) if whole else glyphs.faces)
    hats = [hat for hat in glyphs.only(HATS) if not (label in HIGH_EYES and hat in LOW_HATS)]
    worn = rng.choice(hats) if whole or rng.random() < 0.7 else rng.choice(glyphs.only(GLASSES))
    tall = worn in TALL_HATS
    image = canvas.draw(label, (80 if tall else 90) if canvas.is_plain else 74)
    lower = 14 if tall else 7 if worn in HATS else 0
    bottom = SIDE / 2 + image.height / 2 + (lower if canvas.is_plain else 8) if canvas.is_plain or canvas.air in AFLOAT else canvas.floor
    x, y, width, height = canvas.stand(image, canvas.middle, bottom)
    crown_x, crown_y, head = BODY_HEADS[label] if whole else crown_of(image)
    if worn in HATS:
        names, wide, sink = HATS[worn]
        hat = resized(glyphs.glyph(worn), max(SMALLEST_HAT, head * width * wide))
        put(canvas.things, hat, x + crown_x * width, y + crown_y * height + hat.height * sink)
        said = f"{with_article(name_of(label))} {rng.choice(('wearing', 'with', 'in', 'wearing'))} {rng.choice(names)}"
    else:
        pair = resized(glyphs.glyph(worn), head * width * 0.82)
        put(canvas.things, pair, x + crown_x * width, y + height * EYE_LINES.get(label, 0.5) + pair.height / 2)
        said = f"{with_article(name_of(label))} {rng.choice(('wearing', 'with', 'in'))} {GLASSES[worn]}"
    return canvas.finish(said, things=[label, worn], relation="wearing")


def holding(glyphs, rng):
    canvas, label, thing = canvas_for(glyphs, rng), rng.choice(glyphs.only(RIDERS) + glyphs.people), rng.choice(glyphs.only(HELD))
    image = canvas.draw(label, 92 if canvas.is_plain else 78)
    bottom = SIDE / 2 + image.height / 2 if canvas.is_plain else canvas.floor
    x, y, width, height = canvas.stand(image, canvas.middle - 8, bottom, flip=canvas.flip)
    put(canvas.things, canvas.draw(thing, 44 if canvas.is_plain else 38), x + width * 0.92, y + height * 0.98)
    said = rng.choice(("holding", "holding", "with", "carrying", "and"))
    return canvas.finish(f"{with_article(name_of(label))} {said} {with_article(name_of(thing))}", things=[label, thing], relation="holding")


def riding(glyphs, rng):
    canvas, label, mount = canvas_for(glyphs, rng, afloat=True), rng.choice(glyphs.only(RIDERS)), rng.choice(glyphs.only(MOUNTS))
    under = canvas.draw(mount, 92 if canvas.is_plain else 84)
    bottom = SIDE / 2 + under.height / 2 + 16 if canvas.is_plain or canvas.air in AFLOAT else min(SIDE - 4, canvas.floor + 3)
    seat, left, top = MOUNTS[mount], canvas.middle - under.width / 2, bottom - under.height
    rider = canvas.draw(label, 50)
    put(canvas.things, rider, left + seat * under.width, top + back_of(under, seat) + rider.height * 0.24)
    canvas.stand(under, canvas.middle, bottom)
    return canvas.finish(f"{with_article(name_of(label))} {rng.choice(('riding', 'riding', 'riding on', 'on'))} {with_article(name_of(mount))}", things=[label, mount], relation="riding")


def inside(glyphs, rng):
    canvas, label, box = canvas_for(glyphs, rng), rng.choice(glyphs.faces + glyphs.only(BOXED)), rng.choice(glyphs.only(BOXES))
    opening, name = BOXES[box]
    image = fit(glyphs.glyph(box), 84 if canvas.is_plain else 70)
    bottom = SIDE / 2 + image.height / 2 + 14 if canvas.is_plain else canvas.floor
    x, y, width, height = canvas.stand(image, canvas.middle, bottom)
    content, edge = canvas.draw(label, 58 if canvas.is_plain else 48), round(height * opening)
    put(canvas.things, content, canvas.middle, y + edge + content.height * 0.34)
    put(canvas.things, image.crop((0, edge, width, height)), x + width / 2, y + height)
    return canvas.finish(f"{with_article(name_of(label))} {rng.choice(('in', 'in', 'inside'))} {name}", things=[label, box], relation="in")


def on_top(glyphs, rng):
    canvas, label, seat = canvas_for(glyphs, rng), rng.choice(glyphs.only(BODY_HEADS) + glyphs.only(("frog", "panda", "fox", "robot", "astronaut", "woman", "boy"))), rng.choice(glyphs.only(SEATS))
    seat_x, seat_y, name = SEATS[seat]
    below = fit(glyphs.glyph(seat), 80)
    bottom = min(SIDE - 6, SIDE / 2 + 56 if canvas.is_plain else canvas.floor + 4)
    x, y, width, height = canvas.stand(below, canvas.middle, bottom)
    image = canvas.draw(label, min(58, max(30, y + height * seat_y + 8)))
    put(canvas.things, image, x + seat_x * width, y + height * seat_y + image.height * 0.12, canvas.flip)
    return canvas.finish(f"{with_article(name_of(label))} {rng.choice(('on', 'sitting on', 'on top of'))} {name}", things=[label, seat], relation="on")
