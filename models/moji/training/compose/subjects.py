"""Kinds of picture with one subject: a thing in a place or colour, stickers and icons, portraits, several of a kind, places alone.

Each takes (glyphs, rng) and returns a Sample. `pick` of each says what may be its subject.
"""

import numpy as np
from PIL import Image, ImageDraw

from compose.canvas import Canvas
from compose.fittings import AROUND, FLYING, IN_SKY, IN_SPACE
from compose.paint import COLOURS, GROUNDS, SIDE
from compose.paste import fit, put, put_middle, sticker
from compose.scenes import FULL_DRAWINGS, PLACES
from compose.things import HEADS, LIVING, TONES, name_of, plural, with_article

COLOURABLE = {
    "mammal", "bird", "reptile", "marine", "bug", "flower", "plant", "fruit", "vegetable", "food", "sweet", "drink", "building", "vehicle", "boat", "air", "toy", "music", "thing", "clothing", "sport thing", "award", "creature face", "cat face",
}
MOODS = ("cute", "cute", "little", "happy")
NUMBERS = {2: ("two", "a couple of", "a pair of", "2"), 3: ("three", "3"), 4: ("four", "4"), 5: ("five", "5")}


def plain_ground(rng):
    return rng.choice(list(GROUNDS)) if rng.random() < 0.5 else "white"


def subject_for(place, glyphs, rng):
    if place == "underwater":
        return rng.choice(glyphs.marine)
    if place in ("space", "sky"):
        return rng.choice(glyphs.only(IN_SPACE if place == "space" else IN_SKY))
    return rng.choice(glyphs.people if rng.random() < 0.22 else glyphs.all)


def colour_for(label, canvas, rng, share):
    if canvas.glyphs.things.kind[label] not in COLOURABLE or rng.random() >= share:
        return None
    colour = rng.choice(list(COLOURS))
    if colour == canvas.ground:
        canvas.lay("white")
    return colour if colour != canvas.ground else None


def mood_for(label, glyphs, rng):
    lively = glyphs.things.kind[label] in (*LIVING, "marine", "creature face", "fantasy")
    return rng.choice(MOODS) if lively and rng.random() < 0.14 else None


def alone_on(canvas, label, side, colour=None):
    image = canvas.draw(label, side, colour)
    flies = label in FLYING
    bottom = SIDE / 2 + image.height * 0.45 if flies and not canvas.is_plain else canvas.bottom_for(image)
    canvas.stand(image, canvas.middle, bottom, flies, canvas.flip)


def single(glyphs, rng, coloured=0.08, place=None):
    canvas = Canvas(glyphs, rng, place, plain_ground(rng))
    label = subject_for(place, glyphs, rng)
    colour = colour_for(label, canvas, rng, coloured)
    alone_on(canvas, label, rng.uniform(96, 108) if canvas.is_plain else rng.uniform(70, 92), colour)
    return canvas.finish(with_article(name_of(label), mood_for(label, glyphs, rng), colour), things=[label], colour=colour)


def in_colour(glyphs, rng):
    return single(glyphs, rng, coloured=1.0)


def in_place(glyphs, rng):
    return single(glyphs, rng, place=rng.choice(list(PLACES)))


def in_size(glyphs, rng):
    canvas, label = Canvas(glyphs, rng, ground=plain_ground(rng)), rng.choice(glyphs.all)
    small = rng.random() < 0.5
    alone_on(canvas, label, 40 if small else 122)
    size = rng.choice(("tiny", "small", "little") if small else ("huge", "giant", "big"))
    return canvas.finish(with_article(name_of(label), size), things=[label], size="small" if small else "large")


def as_sticker(glyphs, rng):
    canvas, label = Canvas(glyphs, rng, ground=plain_ground(rng)), rng.choice(glyphs.all)
    colour = colour_for(label, canvas, rng, 0.1)
    put_middle(canvas.things, sticker(canvas.draw(label, rng.uniform(88, 100), colour)), canvas.middle, SIDE / 2)
    named = with_article(name_of(label), colour)
    return canvas.finish(rng.choice((f"sticker of {named}", f"{named}, sticker", f"a {name_of(label)} sticker")), things=[label], colour=colour)


def as_logo(glyphs, rng):
    canvas, label = Canvas(glyphs, rng, ground=plain_ground(rng)), rng.choice(glyphs.all)
    fill, is_round = rng.choice([value for key, value in COLOURS.items() if key != "white"]), rng.random() < 0.6
    badge = Image.new("RGBA", (SIDE * 2, SIDE * 2))
    draw, box = ImageDraw.Draw(badge), [18, 18, 237, 237]
    if is_round:
        draw.ellipse(box, fill=(*fill, 255), outline=(255, 255, 255, 255), width=8)
    else:
        draw.rounded_rectangle(box, 50, fill=(*fill, 255), outline=(255, 255, 255, 255), width=8)
    canvas.things.alpha_composite(badge.resize((SIDE, SIDE), Image.BOX))
    put_middle(canvas.things, canvas.draw(label, 66), SIDE / 2, SIDE / 2)
    name = name_of(label)
    ways = (f"a logo with {with_article(name)}", f"a {name} logo", f"{name} logo", f"a logo of {with_article(name)}") if is_round else (f"app icon with {with_article(name)}", f"app icon of {with_article(name)}", f"a {name} app icon")
    return canvas.finish(rng.choice(ways), things=[label])


def surrounded(glyphs, rng):
    canvas, label, other = Canvas(glyphs, rng, ground=plain_ground(rng)), rng.choice(glyphs.all), rng.choice(glyphs.only(AROUND))
    for n in range(8):
        angle = n / 8 * 2 * np.pi + rng.uniform(-0.2, 0.2)
        put_middle(canvas.things, canvas.draw(other, rng.uniform(17, 24)), SIDE / 2 + 50 * np.cos(angle), SIDE / 2 + 50 * np.sin(angle))
    put_middle(canvas.things, canvas.draw(label, 70), SIDE / 2, SIDE / 2)
    return canvas.finish(f"{with_article(name_of(label))} {rng.choice(('surrounded by', 'with', 'and'))} {plural(name_of(other))}", things=[label, other], relation="around")


def portrait(glyphs, rng):
    place = rng.choice([p for p in PLACES if p not in ("underwater", "space", "sky")]) if rng.random() < 0.4 else None
    canvas, label = Canvas(glyphs, rng, place, plain_ground(rng)), rng.choice(glyphs.only(HEADS))
    image, shirt = canvas.draw(label, rng.uniform(84, 96)), None
    if rng.random() < 0.6:
        shirt = rng.choice(list(COLOURS))
        shoulders = Image.new("RGBA", (SIDE * 2, SIDE * 2))
        ImageDraw.Draw(shoulders).ellipse([40, 190, 216, 330], fill=(*COLOURS[shirt], 255))
        canvas.things.alpha_composite(shoulders.resize((SIDE, SIDE), Image.BOX))
        put(canvas.things, image, SIDE / 2, 106)
    else:
        put_middle(canvas.things, image, SIDE / 2, SIDE / 2)
    said = rng.choice(("a portrait of {}", "portrait of {}", "{}", "a photo of {}", "{}'s face", "profile picture of {}", "avatar of {}")).format(with_article(name_of(label)))
    if shirt and rng.random() < 0.4:
        said += f" in a {shirt} shirt"
    return canvas.finish(said, things=[label])


def family(glyphs, rng):
    place = rng.choice(("meadow", "beach", "room", "city")) if rng.random() < 0.3 else None
    canvas, couple, tone = Canvas(glyphs, rng, place, plain_ground(rng)), rng.random() < 0.4, rng.choice(TONES)
    who = [rng.choice(("man", "woman")), rng.choice(("woman", "man"))]
    if not couple:
        who += [rng.choice(("boy", "girl", "baby")) for _ in range(rng.choice((1, 2)))]
    columns = (36, 92, 64) if len(who) < 4 else (36, 92, 46, 84)
    for n, label in enumerate(who):
        toned = label + tone if glyphs.has(label + tone) else label
        put(canvas.things, fit(glyphs.glyph(toned), 56 if n < 2 else 38), columns[n], (96 if couple else 90) if n < 2 else 116)
    if couple:
        put(canvas.things, fit(glyphs.glyph("red heart"), 26), 64, 46)
    said = rng.choice(("a couple in love", f"a {who[0]} and a {who[1]} in love", "a couple") if couple else ("a family", "a happy family", "a family portrait"))
    return canvas.finish(said, things=who, relation="and")


def several(glyphs, rng):
    place = rng.choice([p for p in PLACES if p not in ("underwater", "space", "sky")]) if rng.random() < 0.35 else None
    canvas, count, label = Canvas(glyphs, rng, place, plain_ground(rng)), rng.choices((2, 3, 4, 5), (4, 5, 3, 1))[0], rng.choice(glyphs.countable)
    colour, flat = colour_for(label, canvas, rng, 0.15), canvas.is_plain
    if flat:
        triangle = [(64, -26), (34, 28), (94, 28)]
        spots = {2: [(34, 0), (94, 0)], 3: rng.choice(([(26, 0), (64, 0), (102, 0)], triangle)), 4: [(34, -28), (94, -28), (34, 30), (94, 30)], 5: [(30, -30), (98, -30), (64, 0), (30, 32), (98, 32)]}[count]
        side = {2: 56, 3: 54 if spots == triangle else 40, 4: 50, 5: 40}[count]
    else:
        spots = {2: [(34, 0), (94, 0)], 3: [(26, 0), (64, 0), (102, 0)], 4: [(24, -14), (64, -18), (104, -14), (44, 4)], 5: [(24, -14), (64, -18), (104, -14), (42, 4), (86, 4)]}[count]
        side = {2: 50, 3: 38, 4: 36, 5: 34}[count]
    for dx, dy in spots:
        image = canvas.draw(label, side * rng.uniform(0.94, 1.04), colour)
        bottom = SIDE / 2 + dy + image.height / 2 if flat else canvas.floor + dy
        canvas.stand(image, dx + rng.uniform(-2, 2), bottom + rng.uniform(-2, 2))
    said = " ".join(word for word in (rng.choice(NUMBERS[count]), colour, plural(name_of(label))) if word)
    return canvas.finish(said, things=[label] * count, count=count, colour=colour)


def pattern(glyphs, rng):
    canvas, label = Canvas(glyphs, rng, ground=plain_ground(rng)), rng.choice(glyphs.countable)
    image, names = canvas.draw(label, 25), plural(name_of(label))
    for row in range(5):
        for column in range(5):
            put(canvas.things, image, 14 + column * 30 - (15 if row % 2 else 0), 26 + row * 27)
    return canvas.finish(rng.choice((f"a pattern of {names}", f"many {names}", f"{names} wallpaper", f"seamless pattern of {names}")), things=[label], count="many")


def place_alone(glyphs, rng):
    whole = glyphs.only(FULL_DRAWINGS)
    if whole and rng.random() < 0.4:
        label = rng.choice(whole)
        canvas = Canvas(glyphs, rng)
        image = fit(glyphs.glyph(label), SIDE * rng.uniform(1.18, 1.3))
        picture = Image.new("RGBA", (SIDE, SIDE), (255, 255, 255, 255))
        picture.alpha_composite(image, (0, 0), (max(0, image.width - SIDE) // 2, max(0, image.height - SIDE) // 2))
        canvas.behind, canvas.air, canvas.words, canvas.ground = np.asarray(picture.convert("RGB"), np.float32), "land", "", None
        return canvas.finish(rng.choice(FULL_DRAWINGS[label]), things=[], scene=label)
    place = rng.choice([name for name, place in PLACES.items() if place.alone])
    canvas = Canvas(glyphs, rng, place)
    canvas.words = ""
    return canvas.finish(rng.choice(PLACES[place].alone), things=[])
