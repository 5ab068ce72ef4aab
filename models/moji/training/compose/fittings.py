"""Where things meet: heads that hats sit on, backs that riders sit on, boxes that hold, seats, and what hands carry.

Measured by eye on the house set; all positions are shares of the trimmed drawing.
"""

import numpy as np

BODY_HEADS = {  # crown of the head (x, y) and the head's width, for animals drawn whole
    "dog": (0.24, 0.10, 0.36), "cat": (0.22, 0.17, 0.36), "penguin": (0.5, 0.02, 0.5), "duck": (0.27, 0.02, 0.34), "owl": (0.5, 0.08, 0.62), "snowman without snow": (0.5, 0.03, 0.46),
    "front-facing baby chick": (0.5, 0.12, 0.7), "baby chick": (0.33, 0.03, 0.5), "teddy bear": (0.5, 0.08, 0.5), "octopus": (0.5, 0.02, 0.56), "ghost": (0.5, 0.03, 0.55), "T-Rex": (0.24, 0.02, 0.34), "pig": (0.2, 0.14, 0.34),
    "elephant": (0.28, 0.12, 0.4), "cactus": (0.5, 0.0, 0.34), "turtle": (0.16, 0.2, 0.3), "rabbit": (0.3, 0.25, 0.34), "crab": (0.5, 0.3, 0.5), "bird": (0.3, 0.05, 0.4), "corgi": (0.5, 0.1, 0.5),
}
HATS = {  # label: names, width to the head's, how far it sinks over the crown
    "top hat": (("a top hat", "a hat"), 0.86, 0.16), "crown": (("a crown",), 0.78, 0.12), "billed cap": (("a baseball cap", "a cap"), 1.0, 0.34), "woman’s hat": (("a sun hat", "a straw hat", "a hat"), 1.3, 0.42),
    "graduation cap": (("a graduation cap",), 1.05, 0.45), "rescue worker’s helmet": (("a red helmet", "a helmet"), 0.98, 0.36), "military helmet": (("a green helmet", "a helmet"), 0.98, 0.4),
}
TALL_HATS = ("top hat", "crown", "woman’s hat")
LOW_HATS = ("rescue worker’s helmet", "military helmet", "graduation cap", "billed cap")
HIGH_EYES = {"panda", "raccoon", "frog", "dragon face", "skull", "robot", "alien", "moose", "koala"}  # a low hat would cover them
GLASSES = {"sunglasses": "sunglasses", "glasses": "glasses", "goggles": "goggles"}
EYE_LINES = {
    "dog face": 0.42, "cat face": 0.55, "fox": 0.58, "bear": 0.52, "panda": 0.5, "rabbit face": 0.66, "frog": 0.22, "mouse face": 0.55, "robot": 0.5, "lion": 0.46, "tiger face": 0.48, "monkey face": 0.42, "koala": 0.5,
    "pig face": 0.45, "cow face": 0.45, "horse face": 0.35, "woman": 0.52, "man": 0.52,
}
RIDERS = (
    "astronaut", "robot", "mage", "person with crown", "princess", "prince", "cat", "dog", "penguin", "superhero", "Santa Claus", "ninja", "fairy", "zombie", "vampire", "teddy bear", "cook", "detective", "police officer", "farmer", "elf", "artist",
    "panda", "fox", "bear", "rabbit face", "monkey", "alien", "skull", "guard", "genie", "firefighter", "mouse face", "pilot", "singer", "scientist", "knight", "pirate", "samurai", "viking", "frog", "man", "woman", "girl", "boy",
)
MOUNTS = {  # where the rider sits; the y is found on the drawing itself
    "horse": 0.52, "elephant": 0.5, "camel": 0.5, "cow": 0.5, "pig": 0.52, "T-Rex": 0.5, "sauropod": 0.5, "turtle": 0.52, "whale": 0.45, "dolphin": 0.5, "bison": 0.5, "zebra": 0.5, "llama": 0.6, "crocodile": 0.5, "bicycle": 0.42,
    "motorcycle": 0.45, "motor scooter": 0.4, "skateboard": 0.5, "rocket": 0.5, "tractor": 0.5, "dragon": 0.6, "sled": 0.5, "canoe": 0.5, "tiger": 0.5, "leopard": 0.5, "rhinoceros": 0.5, "ox": 0.5, "triceratops": 0.5,
}
BOXES = {  # label: how far down the opening is, name
    "basket": (0.38, "a basket"), "bucket": (0.2, "a bucket"), "bathtub": (0.4, "a bathtub"), "teacup without handle": (0.2, "a cup"), "shopping cart": (0.3, "a shopping cart"), "package": (0.3, "a box"),
    "wastebasket": (0.12, "a trash can"), "hot beverage": (0.3, "a cup"), "barrel": (0.1, "a barrel"), "vase": (0.06, "a vase"),
}
BOXED = ("cat", "dog", "penguin", "teddy bear", "owl", "banana", "red apple", "sunflower", "tulip", "rose", "baby chick", "corgi")
SEATS = {  # label: x, y of the seat, name
    "bed": (0.5, 0.5, "a bed"), "couch and lamp": (0.42, 0.5, "a couch"), "chair": (0.5, 0.5, "a chair"), "books": (0.5, 0.05, "a stack of books"), "cloud": (0.5, 0.2, "a cloud"), "full moon": (0.5, 0.05, "the moon"),
    "mushroom": (0.5, 0.05, "a mushroom"), "rock": (0.5, 0.1, "a rock"), "doughnut": (0.5, 0.1, "a donut"), "pancakes": (0.5, 0.1, "pancakes"), "pizza": (0.5, 0.15, "a pizza"), "wrapped gift": (0.5, 0.05, "a gift"),
    "house": (0.5, 0.05, "a house"), "snow-capped mountain": (0.5, 0.02, "a mountain"), "skateboard": (0.5, 0.35, "a skateboard"), "soccer ball": (0.5, 0.02, "a ball"), "globe showing Americas": (0.5, 0.02, "the world"),
    "shortcake": (0.5, 0.1, "a cake"), "watermelon": (0.5, 0.1, "a watermelon"), "wood": (0.5, 0.1, "a log"), "desert island": (0.4, 0.6, "an island"), "throne": (0.5, 0.62, "a throne"), "table": (0.5, 0.08, "a table"), "barrel": (0.5, 0.06, "a barrel"),
}
HELD = (
    "balloon", "rose", "crossed swords", "umbrella", "guitar", "mobile phone", "camera", "open book", "wrapped gift", "pizza", "ice cream", "soft ice cream", "lollipop", "beer mug", "hot beverage", "magnifying glass tilted left", "trophy", "bouquet",
    "red heart", "hammer", "magic wand", "key", "carrot", "banana", "red apple", "fish", "money bag", "laptop", "microphone", "violin", "trumpet", "candle", "shield", "axe", "crystal ball", "bubble tea", "cup with straw", "hamburger", "doughnut",
    "gem stone", "star", "soccer ball", "basketball", "paintbrush", "sunflower", "teddy bear", "dagger", "katana", "potion", "torch", "electric guitar", "fishing pole",
)
FLYING = {
    "hot air balloon", "airplane", "small airplane", "helicopter", "rocket", "flying saucer", "butterfly", "honeybee", "bird", "eagle", "dove", "bat", "balloon", "parachute", "kite", "cloud", "sun", "full moon", "star", "rainbow", "ghost", "owl",
    "parrot", "satellite", "comet", "shooting star", "phoenix", "dragon", "fairy", "superhero", "mosquito", "fly", "lady beetle", "ringed planet", "hummingbird", "blimp", "drone", "jet fighter", "space station", "spaceship", "paper plane",
    "black hole", "meteor",
}
IN_SPACE = (
    "rocket", "flying saucer", "astronaut", "satellite", "alien", "ringed planet", "robot", "cat", "dog face", "comet", "star", "woman astronaut", "shooting star", "full moon", "pizza", "unicorn", "spaceship", "space station", "black hole", "meteor", "whale",
)
IN_SKY = (
    "airplane", "helicopter", "bird", "eagle", "balloon", "parachute", "kite", "dragon", "butterfly", "superhero", "rocket", "dove", "parrot", "flying saucer", "sun", "rainbow", "phoenix", "hot air balloon", "blimp", "drone", "jet fighter", "paper plane",
)
AROUND = ("red heart", "star", "sparkles", "cherry blossom", "butterfly", "snowflake", "musical note", "balloon", "rose", "fire", "bubbles", "money with wings")


def crown_of(image):
    """Of a drawing that is a head alone: the crown's x and y and the head's width, as shares, from the row a bit above the middle."""
    solid = np.asarray(image.getchannel("A")) > 100
    across = np.flatnonzero(solid[int(0.42 * len(solid))])
    if not len(across):
        return 0.5, 0.1, 0.7
    middle = (across[0] + across[-1]) / 2
    column = solid[:, int(middle)]
    top = int(np.argmax(column)) if column.any() else 0
    return middle / image.width, (top + 0.10 * image.height) / image.height, (across[-1] - across[0]) / image.width * 0.9


def back_of(image, x):
    """Of a drawing that is ridden: how far down its back is at `x` (a share), px."""
    columns = np.asarray(image.getchannel("A"))[:, max(0, int(x * image.width) - 2) : int(x * image.width) + 3].max(1) > 60
    return int(np.argmax(columns)) if columns.any() else image.height // 3
