"""What can be drawn: Unicode's labels sorted into kinds by CLDR's groups, the names people use, and what is left out.

A label (CLDR's, or the file name of one of our own drawings) is a thing's identity everywhere; its name is what a prompt says.
Knows no pixels.
"""

import json
import re
from functools import cache

KIND_BY_SUBGROUP = {
    **dict.fromkeys(range(0, 11), "smiley"), 11: "creature face", 12: "cat face", 13: "monkey face", 14: "heart",
    22: "body", 23: "head", 25: "role", 26: "fantasy", 27: "activity", 28: "sport", 29: "activity", 30: "family",
    34: "mammal", 35: "bird", 36: "reptile", 37: "reptile", 38: "marine", 39: "bug", 40: "flower", 41: "plant",
    42: "fruit", 43: "vegetable", 44: "food", 45: "food", 46: "sweet", 47: "drink", 48: "dish",
    50: "place", 51: "building", 52: "building", 53: "place", 54: "vehicle", 55: "boat", 56: "air", 57: "thing", 58: "thing", 59: "sky",
    60: "event", 61: "award", 62: "sport thing", 63: "toy", 64: "thing", 65: "clothing", 66: "thing", 67: "thing", 68: "music", **dict.fromkeys(range(69, 83), "thing"),
}
OWN = {  # our own drawings (../own/), by kind
    "role": "knight pirate samurai viking mummy",
    "mammal": "corgi red-panda capybara walrus llama-face", "bird": "toucan ostrich hummingbird", "reptile": "chameleon axolotl triceratops", "marine": "seahorse starfish manta-ray",
    "flower": "daisy lavender dandelion", "plant": "bonsai monstera",
    "building": "lighthouse windmill eiffel-tower pyramid igloo barn treehouse big-ben log-cabin greenhouse temple",
    "vehicle": "tank camper-van bulldozer unicycle wagon snowmobile", "boat": "pirate-ship submarine", "air": "hot-air-balloon blimp drone jet-fighter space-station spaceship",
    "food": "lasagna burrito-bowl", "drink": "smoothie milkshake potion espresso", "sweet": "macarons gingerbread-man",
    "music": "cello harp grand-piano electric-guitar",
    "thing": "lamp vase treasure-chest katana cauldron throne bookshelf fireplace barrel anvil snow-globe lava-lamp paper-plane dreamcatcher arcade-machine vr-headset retro-television toaster rocking-chair crystal-cluster torch table kettle",
    "sky": "black-hole meteor",
}
NAMES = {  # label: what people call it
    "dog face": "dog", "cat face": "cat", "tiger face": "tiger", "horse face": "horse", "cow face": "cow", "pig face": "pig", "mouse face": "mouse", "rabbit face": "rabbit", "monkey face": "monkey",
    "dragon face": "dragon", "mage": "wizard", "man mage": "wizard", "woman mage": "witch", "person with crown": "king", "princess": "princess", "automobile": "car", "sauropod": "dinosaur", "hot beverage": "cup of coffee",
    "man: beard": "man with a beard", "woman: red hair": "woman with red hair", "man: red hair": "man with red hair", "woman: blond hair": "blonde woman", "man: blond hair": "blond man",
    "man: curly hair": "man with curly hair", "woman: curly hair": "woman with curly hair", "woman: white hair": "woman with white hair", "man: white hair": "man with white hair", "man: bald": "bald man", "woman: bald": "bald woman",
    "red apple": "apple", "red heart": "heart", "deciduous tree": "tree", "evergreen tree": "pine tree", "wrapped gift": "gift", "cook": "chef", "mobile phone": "phone", "soft ice cream": "ice cream cone",
    "ice cream": "bowl of ice cream", "magnifying glass tilted left": "magnifying glass", "shortcake": "slice of cake", "front-facing baby chick": "chick", "baby chick": "chick", "snowman without snow": "snowman",
    "jack-o-lantern": "pumpkin", "smiling face with smiling eyes": "happy face", "grinning face": "smiling face", "clown face": "clown", "flying saucer": "ufo", "high-speed train": "train",
    "house with garden": "house with a garden", "snow-capped mountain": "mountain", "video game": "game controller", "crossed swords": "swords", "honeybee": "bee", "lady beetle": "ladybug", "gem stone": "diamond",
    "health worker": "doctor", "woman health worker": "nurse", "technologist": "programmer", "tangerine": "orange fruit", "poultry leg": "chicken leg", "steaming bowl": "bowl of ramen", "musical keyboard": "piano",
    "full moon": "moon", "ear of corn": "corn", "cheese wedge": "cheese", "spiral shell": "seashell", "cut of meat": "steak", "racing car": "race car", "sport utility vehicle": "suv", "delivery truck": "truck",
    "fire engine": "fire truck", "passenger ship": "ship", "high voltage": "lightning bolt", "bullseye": "dart board", "performing arts": "theater masks", "artist palette": "paint palette", "water wave": "wave",
    "Santa Claus": "santa claus", "office building": "skyscraper", "running shoe": "sneaker", "billed cap": "baseball cap", "woman’s hat": "sun hat", "rescue worker’s helmet": "helmet", "Mrs. Claus": "mrs. claus",
    "cup with straw": "soda", "clinking beer mugs": "beers", "pot of food": "stew", "stuffed flatbread": "kebab", "bento box": "bento", "curry rice": "curry", "potable water": "tap", "sparkler": "sparkler",
    "spouting whale": "spouting whale", "T-Rex": "t-rex", "globe showing Americas": "planet earth", "ringed planet": "planet", "desktop computer": "computer", "person in lotus position": "person meditating",
    "woman in lotus position": "woman meditating", "man in lotus position": "man meditating", "guide dog": "guide dog", "teacup without handle": "cup of tea", "sushi": "sushi", "fish cake with swirl": "fish cake",
    "merperson": "merperson", "merman": "merman", "mermaid": "mermaid", "person surfing": "surfer", "person biking": "cyclist", "person running": "runner", "person bouncing ball": "basketball player",
    "person playing handball": "handball player", "person swimming": "swimmer", "snowboarder": "snowboarder", "person golfing": "golfer", "people wrestling": "wrestlers", "kiss mark": "lips", "hamburger": "burger",
    "doughnut": "donut", "french fries": "fries", "motor scooter": "scooter", "alien monster": "space invader", "smiling face with sunglasses": "cool face", "smiling face with heart-eyes": "face in love",
    "llama face": "llama face", "vr headset": "vr headset", "big ben": "big ben", "retro television": "old television", "burrito bowl": "burrito bowl",
}
PLURALS = {
    "mouse": "mice", "goose": "geese", "sheep": "sheep", "fish": "fish", "cherries": "cherries", "person": "people", "man": "men", "woman": "women", "wolf": "wolves", "deer": "deer", "child": "children",
    "strawberry": "strawberries", "butterfly": "butterflies", "octopus": "octopuses", "fox": "foxes", "cactus": "cacti", "potato": "potatoes", "tomato": "tomatoes", "ladybug": "ladybugs", "bus": "buses", "leaf": "leaves",
}
NO_ARTICLE = set(
    "jeans glasses sunglasses socks grapes cherries books shorts headphones bubbles chopsticks skis fireworks briefs swords popcorn spaghetti sushi broccoli bread bacon butter salt garlic rice honey sake mate ice fire soap money "
    "wheat fries scissors gloves boots noodles pancakes peanuts beans blueberries macarons curry lasagna stew corn cheese lips beers wrestlers lavender".split()
) | {"cooked rice", "bowling pins", "big ben", "planet earth", "santa claus", "mrs. claus", "theater masks"}
FACES = {  # drawn as a head alone, so that hats and glasses sit where they should
    "dog face", "wolf", "fox", "raccoon", "cat face", "lion", "tiger face", "horse face", "cow face", "pig face", "mouse face", "hamster", "rabbit face", "bear", "polar bear", "koala", "panda", "monkey face", "frog",
    "dragon face", "unicorn", "moose", "robot", "alien", "baby", "boy", "girl", "man", "woman", "old man", "old woman", "man: beard", "woman: red hair", "man: red hair", "woman: blond hair", "man: curly hair",
    "woman: curly hair", "clown face", "grinning face", "smiling face with smiling eyes", "skull", "jack-o-lantern",
}
DULL = re.compile(  # nobody asks for these, or nobody could tell what they are
    "mailbox|envelope|folder|banknote|chart|clip|card index|speaker|tray|lock|page|tabs|tear-off|control knobs|level slider|mahjong|flower playing|suit$|button|placard|identification|label|receipt|ledger|outbox|reminder|oden"
    "|fish cake|love hotel|bus stop|with arrow|trackball|computer disk|optical disk|videocassette|pager|fax|x-ray|nazar|hamsa|urn|adhesive|plunger|safety pin|sponge|razor|lotion|cigarette|person in suit|ticket|white cane|hearing"
    "|prosthetic|mechanical|wing$|wood$|root vegetable|pouring|vertical traffic|oncoming|monorail|trolleybus|minibus|passenger|crutch|knot|nesting|constr|pine decoration|tanabata|moon viewing|Japanese dolls|carp|red envelope"
    "|squid$|unlocked|pushpin|coffin|headstone|minidisc|o’clock|-thirty|new moon|quarter moon|gibbous|crescent moon|postbox|customs|baggage|left luggage|water closet|restroom|thong|bikini|briefs|fingerprint|splatter|harp$|shovel$"
)
LIVING = ("mammal", "bird", "reptile")
PEOPLE_KINDS = ("role", "fantasy")
THING_KINDS = {
    "mammal", "bird", "reptile", "marine", "bug", "flower", "plant", "fruit", "vegetable", "food", "sweet", "drink", "building", "vehicle", "boat", "air", "toy", "music", "thing", "clothing", "role", "fantasy", "event",
    "sport thing", "award", "activity", "sport", "creature face", "heart",
}
COUNTABLE_KINDS = {"mammal", "bird", "reptile", "marine", "bug", "flower", "plant", "fruit", "vegetable", "sweet", "vehicle", "boat", "air", "toy"}
HEADS = (
    "woman", "man", "old man", "old woman", "girl", "boy", "baby", "man: beard", "woman: red hair", "woman: blond hair", "woman: curly hair", "man: curly hair", "man: red hair", "woman: white hair", "man: bald",
)
TONES = ("", ": light skin tone", ": medium-light skin tone", ": medium skin tone", ": medium-dark skin tone", ": dark skin tone")


def code_of(hexcode):
    """Code points in lower case without leading zeros and variation selectors."""
    return "-".join(point.lstrip("0") or "0" for point in hexcode.lower().split("-") if point not in ("fe0f", "fe0e"))


class Things:
    """Labels with their code and kind, from emojibase's data and our own drawings."""

    def __init__(self, modules):
        self.modules, self.code, self.kind, self.tags = modules, {}, {}, {}
        for entry in json.loads((modules / "emojibase-data" / "en" / "data.json").read_text()):
            if entry.get("group") in (None, 2):
                continue
            kind = KIND_BY_SUBGROUP.get(entry["subgroup"]) if entry["group"] != 9 else None
            for form in (entry, *entry.get("skins", [])):
                self.code[form["label"]] = code_of(form["hexcode"])
                if kind:
                    self.kind[form["label"]] = kind
            self.tags[entry["label"]] = [tag.lower() for tag in entry.get("tags", [])]
        for kind, names in OWN.items():
            for name in names.split():
                label = name.replace("-", " ")
                self.code[label], self.kind[label] = f"own {label}", kind
        plain = [label for label, kind in self.kind.items() if kind in THING_KINDS and self._is_asked_for(label)]
        self.all = plain
        self.countable = [label for label in plain if self.kind[label] in COUNTABLE_KINDS]
        self.animals = [label for label in plain if self.kind[label] in LIVING]
        self.people = [label for label in plain if self.kind[label] in PEOPLE_KINDS] + list(HEADS)
        self.marine = [label for label in plain if self.kind[label] == "marine"]

    def _is_asked_for(self, label):
        own = self.code[label].startswith("own ")
        toned = "skin tone" in label
        return own or not (toned or DULL.search(label) or "facing right" in label or "feeding" in label or label.startswith(("person ", "pregnant", "breast", "family", "Mx", "middle", "no ")))

    def is_person(self, label):
        return self.kind.get(label) in ("role", "fantasy", "head", "activity", "sport")


@cache
def name_of(label):
    if label in NAMES:
        return NAMES[label]
    who, _, role = label.partition(" ")
    if who in ("man", "woman") and role in NAMES:
        return f"{who} {NAMES[role]}"
    name = label.lower().replace("’", "'").replace(":", "")
    return name.removesuffix(" face") if label in FACES else name


def with_article(name, *before):
    """`before`: colour, size or mood, which decide between a and an."""
    words = " ".join([*(word for word in before if word), name])
    if name in NO_ARTICLE or name.startswith("the "):
        return words
    return ("an " if words[0] in "aeiou" and not words.startswith(("uni", "ufo", "one", "eu")) else "a ") + words


def plural(name):
    if name in PLURALS:
        return PLURALS[name]
    for joint in (" of ", " with "):
        if joint in name:
            head, rest = name.split(joint, 1)
            return plural(head) + joint + rest
    first, _, last = name.rpartition(" ")
    if last in PLURALS:
        return f"{first} {PLURALS[last]}".strip()
    if name.endswith("s") and not name.endswith(("ss", "us")):
        return name
    if name.endswith(("s", "x", "ch", "sh")):
        return name + "es"
    if name.endswith("y") and name[-2] not in "aeiou":
        return name[:-1] + "ies"
    return name + "s"
