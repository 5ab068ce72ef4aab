"""The places of the grammar: a picture of each, where things stand in it, and how people say it."""

from dataclasses import dataclass

import numpy as np
from PIL import ImageDraw

from compose.paint import SIDE, X, Y, as_image, below, clouds, disc, gradient, peaks, ridge, skyline, stars, towards
from compose.paste import fit, put, scatter

DAY_TOP, DAY_LOW = (95, 180, 250), (205, 236, 255)


@dataclass
class Scene:
    picture: np.ndarray  # float32 [128, 128, 3]
    floor: float  # where things stand, 0..1 from the top
    air: str = "land"  # land, sky, water, under, space; rain and snow fall over everything


def horizon_of(rng):
    return 0.66 + rng.uniform(-0.04, 0.04)


def meadow(rng, glyphs):
    h = horizon_of(rng)
    g = below(clouds(gradient((0, DAY_TOP), (h, DAY_LOW)), rng), ridge(rng, h - 0.05, 0.05), (150, 212, 105), (120, 195, 85))
    return Scene(below(g, ridge(rng, h + 0.03, 0.03), (128, 205, 88), (72, 160, 62)), 0.86)


def mountains(rng, glyphs):
    h = horizon_of(rng)
    line = peaks(rng, h, 0.42, 3)
    g = below(clouds(gradient((0, DAY_TOP), (h, DAY_LOW)), rng, 2), line, (170, 185, 215), (120, 140, 180))
    g = towards(g, (250, 250, 250), np.clip((line + 0.09 - Y) * SIDE, 0, 1) * (Y > line) * (line < h - 0.15))
    return Scene(below(g, ridge(rng, h, 0.03), (130, 195, 100), (75, 150, 70)), 0.87)


def sunset_mountains(rng, glyphs):
    h = horizon_of(rng)
    g = disc(gradient((0, (70, 50, 130)), (0.3, (225, 90, 110)), (h, (255, 195, 100))), rng.uniform(0.3, 0.7), h - 0.12, 0.11, (255, 238, 170), 0.35)
    g = below(g, peaks(rng, h + 0.02, 0.26, 4), (150, 80, 130), (120, 60, 110))
    return Scene(below(g, ridge(rng, h + 0.08, 0.04), (90, 45, 90), (50, 26, 62)), 0.9)


def sunset_sea(rng, glyphs):
    h, x = horizon_of(rng), rng.uniform(0.3, 0.7)
    g = gradient((0, (90, 60, 150)), (0.35, (240, 110, 110)), (h - 0.08, (255, 200, 110)), (h - 0.075, (235, 130, 110)), (1, (95, 55, 125)))
    lit, edge = disc(g.copy(), x, h - 0.1, 0.13, (255, 240, 175), 0.3), int((h - 0.075) * SIDE)
    g[:edge] = lit[:edge]
    return Scene(towards(g, (255, 225, 150), np.clip(1 - np.abs(X - x) * 6, 0, 1) * (Y > h - 0.075) * (np.sin(Y * 180) > 0) * 0.6), 0.86, "water")


def beach(rng, glyphs):
    h = horizon_of(rng)
    sea = h - 0.18
    g = clouds(gradient((0, (90, 185, 250)), (sea, (190, 232, 255)), (sea + 0.01, (20, 130, 200)), (h, (70, 195, 215))), rng, 2, 0.2)
    return Scene(below(g, ridge(rng, h, 0.02), (250, 232, 176), (234, 200, 132)), 0.87)


def underwater(rng, glyphs):
    g = gradient((0, (90, 205, 235)), (0.6, (25, 120, 195)), (1, (12, 62, 130)))
    g = towards(g, (255, 255, 255), np.clip(np.sin((X * 1.2 + Y * 0.5) * 20 + rng.random() * 6), 0, 1) * np.clip(0.7 - Y, 0, 1) * 0.25)
    g = below(g, ridge(rng, 0.88, 0.04), (235, 212, 150), (190, 165, 110))
    for _ in range(7):
        g = disc(g, rng.random(), rng.random() * 0.8, rng.uniform(0.008, 0.02), (200, 240, 255))
    return Scene(g, 0.6, "under")


def space(rng, glyphs):
    g = gradient((0, (14, 12, 40)), (1, (42, 24, 78)))
    cloud = np.clip(1 - np.hypot((X - rng.random()) * 1.2, (Y - rng.random()) * 2.2) * 1.4, 0, 1) ** 2
    g = stars(towards(g, rng.choice([(150, 60, 170), (50, 110, 190), (190, 70, 120)]), cloud * 0.6), rng, 70)
    if rng.random() < 0.6:
        g = disc(g, *rng.choice([(0.16, 0.2), (0.84, 0.18), (0.85, 0.8)]), rng.uniform(0.06, 0.11), rng.choice([(240, 170, 110), (150, 200, 240), (210, 150, 220)]), 0.06)
    return Scene(g, 0.58, "space")


def moon_surface(rng, glyphs):
    g = disc(stars(gradient((0, (10, 10, 28)), (1, (26, 26, 56))), rng, 50, 0.6), 0.8, 0.2, 0.1, (70, 140, 225), 0.05)
    return Scene(below(g, ridge(rng, horizon_of(rng), 0.02), (205, 206, 214), (150, 152, 164)), 0.85)


def night(rng, glyphs):
    h = horizon_of(rng)
    g = stars(gradient((0, (12, 18, 56)), (h, (52, 66, 130))), rng, 40, h)
    if rng.random() < 0.7:
        g = disc(g, rng.choice([0.2, 0.8]), 0.2, 0.085, (255, 244, 205), 0.14)
    return Scene(below(g, ridge(rng, h + 0.02, 0.04), (38, 66, 84), (20, 38, 56)), 0.87)


def snowy(rng, glyphs):
    h = horizon_of(rng)
    return Scene(below(gradient((0, (140, 178, 220)), (h, (214, 228, 244))), ridge(rng, h, 0.05), (250, 252, 255), (222, 232, 246)), 0.87, "snow")


def desert(rng, glyphs):
    h = horizon_of(rng)
    g = disc(gradient((0, (110, 190, 240)), (h, (250, 226, 180))), 0.78, 0.2, 0.08, (255, 244, 190), 0.15)
    g = below(g, ridge(rng, h - 0.03, 0.07, 2), (238, 190, 115), (225, 165, 90))
    return Scene(below(g, ridge(rng, h + 0.08, 0.04, 2), (244, 202, 128), (214, 152, 84)), 0.87)


def street(g, road, kerb=None):
    g[int(0.8 * SIDE) :] = road
    if kerb:
        g[int(0.8 * SIDE) : int(0.83 * SIDE)] = kerb
    return Scene(g, 0.93)


def city(rng, glyphs):
    g = clouds(gradient((0, (120, 190, 245)), (1, (225, 238, 250))), rng, 2, 0.2)
    return street(skyline(g, rng, 0.8, [(160, 180, 210), (120, 145, 185)], [(225, 240, 255)], 0.62), (118, 122, 132), (190, 192, 198))


def city_at_night(rng, glyphs):
    g = stars(gradient((0, (14, 16, 48)), (1, (60, 50, 100))), rng, 25, 0.4)
    return street(skyline(g, rng, 0.8, [(44, 46, 88), (26, 28, 58)], [(255, 220, 120), (255, 240, 190)], 0.62), (40, 42, 58))


def neon_city(rng, glyphs):
    g = disc(gradient((0, (26, 8, 56)), (0.8, (190, 40, 140))), 0.5, 0.42, 0.2, (255, 110, 160), 0.3)
    g = skyline(g, rng, 0.8, [(50, 20, 96), (24, 10, 54)], [(60, 240, 250), (255, 60, 200), (255, 225, 90)], 0.66)
    edge = int(0.8 * SIDE)
    g[edge:] = np.array((30, 10, 60)) + (np.sin(X[edge:] * 60) > 0.8)[..., None] * np.array((75, 10, 65))
    return Scene(g, 0.93)


def forest(rng, glyphs):
    h = horizon_of(rng)
    g = below(gradient((0, (150, 215, 225)), (h, (205, 238, 215))), ridge(rng, h - 0.05, 0.04), (110, 180, 110), (80, 150, 80))
    g = scatter(g, glyphs, ["evergreen tree", "deciduous tree"], rng, 8, (0.34, 0.5), (h - 0.02, h + 0.08))
    return Scene(below(g, ridge(rng, h + 0.06, 0.015), (100, 175, 80), (58, 125, 55)), 0.9)


def garden(rng, glyphs):
    flowers = glyphs.only(["tulip", "sunflower", "rose", "hibiscus", "blossom", "cherry blossom", "hyacinth", "daisy"])
    return Scene(scatter(meadow(rng, glyphs).picture, glyphs, flowers, rng, 9, (0.14, 0.22), (0.72, 0.97)), 0.88)


def room(rng, glyphs):
    wall = np.array(rng.choice([(250, 226, 200), (206, 226, 240), (238, 210, 220), (214, 232, 212)]), np.float32)
    g = np.broadcast_to(wall, (SIDE, SIDE, 3)) * (1.03 - 0.1 * Y)[..., None]
    edge = int(0.72 * SIDE)
    g[edge:] = np.array((196, 148, 102)) * (1.04 - 0.25 * (Y[edge:] - 0.72))[..., None]
    g[edge - 3 : edge] = (245, 240, 232)
    image = as_image(g).convert("RGBA")
    on_wall = glyphs.only(["window", "framed picture", "mantelpiece clock"])
    if on_wall:
        put(image, fit(glyphs.glyph(rng.choice(on_wall)), 0.3 * SIDE), rng.choice([0.2, 0.8]) * SIDE, 0.46 * SIDE)
    return Scene(np.asarray(image.convert("RGB"), np.float32), 0.9)


def sky(rng, glyphs):
    return Scene(clouds(gradient((0, (80, 165, 245)), (1, (200, 232, 255))), rng, 5, 0.95), 0.6, "sky")


def lake(rng, glyphs):
    g, edge = mountains(rng, glyphs).picture, int((horizon_of(rng) + 0.02) * SIDE)
    g[edge:] = gradient((0, (90, 180, 220)), (1, (30, 110, 180)))[: SIDE - edge]
    return Scene(below(g, ridge(rng, 0.88, 0.015), (140, 205, 100), (90, 165, 75)), 0.93)


def river(rng, glyphs):
    h = horizon_of(rng)
    middle = 0.5 + 0.12 * np.sin(Y * 9 + rng.random() * 6)
    wet = (np.abs(X - middle) < (Y - h) * 0.45 + 0.015) * (Y > h + 0.01)
    return Scene(np.where(wet[..., None], np.array((70, 165, 225), np.float32) + 25 * np.sin(Y * 90)[..., None], meadow(rng, glyphs).picture), 0.88)


def road(rng, glyphs):
    g, edge = rng.choice([meadow, mountains, desert])(rng, glyphs).picture, int(0.78 * SIDE)
    g[edge : edge + 22] = (92, 96, 106)
    g[edge + 10 : edge + 12] = np.where((X[0] * 8 % 1 < 0.55)[None, :, None], 250, 92)
    return Scene(g, 0.9)


def rainy(rng, glyphs):
    h = horizon_of(rng)
    return Scene(below(gradient((0, (96, 112, 136)), (h, (160, 175, 195))), ridge(rng, h, 0.02), (105, 125, 115), (75, 95, 90)), 0.87, "rain")


def autumn(rng, glyphs):
    h = horizon_of(rng)
    g = below(gradient((0, (175, 205, 225)), (h, (250, 232, 205))), ridge(rng, h, 0.04), (226, 160, 80), (190, 112, 52))
    return Scene(scatter(g, glyphs, glyphs.only(["maple leaf", "fallen leaf"]), rng, 9, (0.09, 0.15), (0.1, 0.98)), 0.87)


def volcanic(rng, glyphs):
    h = horizon_of(rng)
    g = below(gradient((0, (50, 24, 40)), (h, (190, 70, 50))), peaks(rng, h, 0.4, 1), (90, 60, 66), (60, 38, 44))
    return Scene(below(g, ridge(rng, h + 0.03, 0.03), (250, 130, 40), (150, 34, 24)), 0.88)


def stage(rng, glyphs):
    g = gradient((0, (40, 18, 60)), (1, (80, 30, 90)))
    for x, slope, colour in ((0.2, 0.3, (255, 200, 90)), (0.8, -0.3, (120, 200, 255)), (0.5, 0, (255, 130, 200))):
        g = towards(g, colour, np.clip(1 - np.abs(X - x - Y * slope) / (0.05 + 0.16 * Y), 0, 1) * 0.35)
    g[int(0.84 * SIDE) :] = (96, 56, 50)
    return Scene(g, 0.92)


def party(rng, glyphs):
    image = as_image(gradient((0, rng.choice([(255, 214, 224), (220, 230, 255), (255, 238, 200)])), (1, (255, 250, 245))))
    draw = ImageDraw.Draw(image)
    for _ in range(60):
        x, y = rng.randrange(SIDE), rng.randrange(SIDE)
        draw.rectangle([x, y, x + rng.randint(1, 3), y + rng.randint(1, 3)], fill=rng.choice([(240, 80, 110), (60, 150, 240), (250, 190, 50), (90, 200, 120)]))
    return Scene(scatter(np.asarray(image, np.float32), glyphs, ["balloon"], rng, 3, (0.2, 0.26), (0.3, 0.5)), 0.9)


def aurora(rng, glyphs):
    g = stars(gradient((0, (8, 16, 48)), (1, (20, 46, 84))), rng, 30, 0.5)
    for colour, base, waves in (((80, 240, 160), 0.32, 6), ((150, 90, 230), 0.2, 7), ((60, 220, 200), 0.42, 5)):
        phase = rng.random() * 6
        curtain = np.exp(-(((Y - (base + 0.07 * np.sin(X * waves + phase))) / 0.13) ** 2)) * (0.55 + 0.45 * np.sin(X * 40 + phase * 3)) * 0.75
        g = towards(g, colour, curtain)
    return Scene(below(g, peaks(rng, 0.82, 0.2, 4), (24, 36, 66), (14, 22, 44)), 0.92)


@dataclass(frozen=True)
class Place:
    paint: object
    there: tuple  # "a fox …"
    alone: tuple = ()  # the place itself as the subject


PLACES = {
    "meadow": Place(meadow, ("in a meadow", "on the grass", "on grass", "in a field", "in the park", "on a hill", "outdoors"), ("a green meadow", "rolling hills", "a landscape")),
    "mountains": Place(mountains, ("in the mountains", "in front of mountains", "with mountains in the background"), ("a mountain landscape", "mountains", "mountain scenery", "a snowy mountain")),
    "sunset mountains": Place(sunset_mountains, ("at sunset", "at sunset in the mountains", "at dusk", "at golden hour"), ("sunset over mountains", "a sunset in the mountains", "sunset")),
    "sunset sea": Place(sunset_sea, ("at sunset by the sea", "over the ocean at sunset", "at sunset"), ("sunset over the ocean", "a sunset at sea", "sunset", "ocean at sunset")),
    "beach": Place(beach, ("on the beach", "at the beach", "on a tropical beach", "by the sea"), ("a beach", "a tropical beach", "the ocean")),
    "underwater": Place(underwater, ("underwater", "under the sea", "in the ocean"), ("the ocean floor", "an underwater scene", "under the sea")),
    "space": Place(space, ("in space", "in outer space", "among the stars", "in the galaxy", "floating in space"), ("outer space", "a galaxy", "deep space with stars")),
    "moon surface": Place(moon_surface, ("on the moon",), ("the surface of the moon", "earth seen from the moon")),
    "night": Place(night, ("at night", "under the stars", "in the moonlight", "under a full moon"), ("a starry night", "the night sky", "moon and stars")),
    "snow": Place(snowy, ("in the snow", "in winter", "on a snowy day"), ("a snowy landscape", "winter landscape")),
    "desert": Place(desert, ("in the desert",), ("a desert", "sand dunes")),
    "city": Place(city, ("in the city", "in a big city", "downtown", "on a city street"), ("a city skyline", "a big city", "skyscrapers")),
    "city at night": Place(city_at_night, ("in the city at night", "in a city at night"), ("a city at night", "city lights at night")),
    "neon city": Place(neon_city, ("in a cyberpunk city", "in a neon city", "in a futuristic city"), ("cyberpunk city", "a futuristic neon city", "a synthwave city", "a futuristic city")),
    "forest": Place(forest, ("in the forest", "in the woods", "in a forest"), ("a forest", "a green forest", "woods", "an enchanted forest")),
    "garden": Place(garden, ("in a garden", "in a flower garden", "among flowers", "in a field of flowers"), ("a flower garden", "a field of flowers")),
    "room": Place(room, ("in a room", "at home", "in the living room", "indoors", "in a kitchen", "in a library")),
    "sky": Place(sky, ("in the sky", "in the clouds", "flying in the sky"), ("a blue sky with clouds", "clouds")),
    "lake": Place(lake, ("by a lake", "at a lake", "next to a lake"), ("a mountain lake", "a lake in the mountains", "a lake")),
    "river": Place(river, ("by a river", "next to a river"), ("a river in a valley", "a river")),
    "road": Place(road, ("on the road", "on a road", "on a street"), ("a road through the countryside",)),
    "rain": Place(rainy, ("in the rain", "on a rainy day"), ("a rainy day",)),
    "autumn": Place(autumn, ("in autumn", "in the fall"), ("an autumn landscape", "autumn leaves", "autumn forest")),
    "volcano": Place(volcanic, ("in front of a volcano", "near a volcano"), ("a volcanic landscape", "lava fields")),
    "stage": Place(stage, ("on stage", "at a concert")),
    "party": Place(party, ("at a party", "at a birthday party")),
    "aurora": Place(aurora, ("under the northern lights",), ("northern lights", "the aurora", "aurora borealis")),
}
FULL_DRAWINGS = {  # drawings that are a whole picture
    "cityscape": ("a city", "a city skyline", "downtown"), "cityscape at dusk": ("a city at dusk", "a city in the evening"), "night with stars": ("a city at night", "night with stars"), "sunrise": ("sunrise over the ocean", "sunrise"),
    "sunrise over mountains": ("sunrise over mountains",), "sunset": ("sunset over a city",), "bridge at night": ("a bridge at night", "golden gate bridge"), "national park": ("a national park", "mountains and a lake"),
    "milky way": ("the milky way", "a galaxy"), "foggy": ("a foggy city", "fog over the city"), "fireworks": ("fireworks", "happy new year"), "desert": ("a desert with a cactus", "a desert"),
}
