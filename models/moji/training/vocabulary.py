"""What moji can be asked for: nouns, their synonyms, colours, backgrounds, scenes, and the held-out pairs.

Pure data and string functions. It knows nothing of pixels, tensors or files. Noun names come from Unicode (through the
`emoji` package) and are shortened here where the official name is not what a person would type.
"""

import re

import emoji

GLYPHS = {
    "animals": "🐵🐒🦍🐶🐕🐩🐺🦊🦝🐱🐈🦁🐯🐅🐆🐴🐎🦄🦓🦌🐮🐄🐷🐖🐐🐪🦙🦒🐘🦏🦛🐭🐹🐰🐇🐿🦔🦇🐻🐨🐼🦦🦨🦘🐾🦃🐔🐓🐤🐦🐧🕊🦅🦆🦢🦉🪶🦩"
    "🦜🐸🐊🐢🦎🐍🐲🐉🦕🦖🐳🐋🐬🦭🐟🐡🦈🐙🐚🐌🦋🐛🐜🐝🐞🕷🕸🦂🦟",
    "plants": "💐🌸🌹🌺🌻🌼🌷🌱🌲🌳🌴🌵🌾🌿🍀🍁🍂🍄",
    "food": "🍇🍉🍊🍋🍌🍍🍎🍐🍑🍒🍓🥝🍅🥥🥑🍆🥔🥕🌽🌶🫑🥒🥬🥦🧄🧅🥜🍞🥐🥖🥨🥞🧀🍗🥩🍔🍟🍕🌭🥪🌮🥚🍳🍿🍙🍜🍝🍣"
    "🦀🦞🦐🍦🍨🍩🍪🎂🍰🧁🥧🍫🍬🍭🍯☕🫖🍵🍷🍸🍺🥤🧋🍴🥄🔪",
    "places": "🌍🧭🏔🌋🏝🏠🏰🗼⛪⛲⛺🎡",
    "vehicles": "🚂🚄🚌🚑🚒🚓🚕🚗🚚🚜🏎🏍🛵🚲🛹🛼⛽🚦🛑⚓🛟⛵🛶🚤🚢✈🪂🚁🚀🛸",
    "weather": "🌕🌙⭐☀🪐☁⛅⛈🌈⛄☂⚡❄🔥💧🌊🌪",
    "play": "🎃🎄🎈🎀🎁🏆⚽⚾🏀🏐🏈🎳🥊🎯🪁🎱🔮🪄🎮🕹🎲🧩🧸🎭🎨🎷🎸🎹🎺🎻🥁🎤🎧📻",
    "clothes": "👓🕶👔👕👖🧣🧤🧥🧦👗👙👜🎒👟👢👠👑👒🎩🎓🧢💄💍💎☂",
    "objects": "🧶🔔📢📱☎🔋💻💾🎥📷📺🔍🕯💡🔦🏮📕📚📰💰🪙💵✉📦📫✏🖌📝📅📎📌✂🔒🔑🔨🪓⚔🛡🔧⚙🔗🧲🪜🔬🔭💉💊🚪🪞"
    "🛏🛋🪑🚽🛁🧺🧻🧼🪥🧯🛒🧳⌛⌚⏰🗿💣",
    "faces": "😀😂🥰😎🤓😍😴😭😡😱🤔😉😜🤢🥶🤠🥳😇🤡👻👽👾🤖💀💩🎅👶❤💔🧠🦷🦴👀👄👅👂👃👍👎💪👣",
}

SHORT = {
    "🐿": "squirrel", "🐦": "bird", "🐤": "chick", "🐾": "paw prints", "🕊": "dove", "🐲": "dragon face",
    "🐳": "spouting whale", "🦕": "long neck dinosaur", "🦖": "dinosaur", "🐚": "seashell", "🐛": "caterpillar", "🐝": "bee", "🐞": "ladybug",
    "🐱": "cat face", "🐯": "tiger face", "🦁": "lion", "💐": "bouquet", "🌾": "wheat", "🌲": "pine tree", "🌳": "tree", "🍀": "four leaf clover",
    "🍂": "fallen leaves", "🍊": "orange fruit", "🍎": "apple", "🌶": "hot pepper", "🥬": "lettuce", "🍞": "bread", "🥖": "baguette",
    "🧀": "cheese", "🍗": "chicken leg", "🥩": "steak", "🍟": "french fries", "🍳": "fried egg", 
    "🍙": "rice ball", "🍜": "noodles", "🍦": "soft ice cream", "🍨": "ice cream",
    "🍰": "cake slice", "🍫": "chocolate", "🍯": "honey pot", "☕": "coffee",
    "🍵": "cup of tea", "🍷": "wine glass", "🍸": "cocktail", "🍺": "beer", 
    "🥤": "cup with straw", "🔪": "knife", "🌍": "globe", "🏔": "mountain", "🏝": "island", 
    "🗼": "tower", 
    "🚂": "steam train", "🚄": "fast train", "🚌": "bus", "🚑": "ambulance", "🚒": "fire truck", "🚓": "police car",
    "🚗": "car", "🚚": "truck", "🏎": "racing car", "🛵": "scooter", "🛼": "roller skate", "⛽": "gas pump",
    "🚦": "traffic light", "🛑": "stop sign", "🛟": "life ring", "🚢": "ship", "✈": "airplane", "🛸": "ufo", "🛶": "canoe",
    "🌕": "full moon", "🌙": "crescent moon", "⛅": "sun behind cloud", "⛈": "thunderstorm", "⛄": "snowman", "⚡": "lightning", "🌊": "wave",
    "💧": "water drop", "🪐": "planet", "🌪": "tornado", "🎃": "pumpkin", "🎁": "gift", "🏈": "football", "⚽": "soccer ball",
    "🎳": "bowling", "🎯": "dart board", "🎱": "eight ball", "🎮": "game controller", "🕹": "joystick", "🎲": "dice",
    "🧩": "puzzle piece", "🎭": "theater masks", "🎨": "paint palette", "🎹": "piano", "🎤": "microphone", "🎧": "headphones",
    "👔": "shirt and tie", "👕": "t-shirt", "👖": "jeans", "👜": "handbag", "👟": "sneaker", "👢": "boot", "👠": "high heel shoe", "👒": "sun hat",
    "🎓": "graduation cap", "🧢": "baseball cap", "💎": "diamond", "🧶": "yarn", "📢": "megaphone", "📱": "phone", "☎": "telephone",
    "💾": "floppy disk", "🎥": "movie camera", "🔍": "magnifying glass", "💡": "light bulb", "🏮": "lantern",
    "📕": "book", "📚": "books", "💵": "banknote", "✉": "envelope", "📫": "mailbox", "📝": "memo", "📌": "pushpin", "🔒": "lock",
    "🔑": "key", "🪓": "axe", "⚔": "swords", "⚙": "gear", "🔗": "chain", "💉": "syringe", "🛋": "couch",
    "🧻": "toilet paper", "🪥": "toothbrush", "🧯": "fire extinguisher", "🛒": "shopping cart", "🧳": "suitcase",
    "⌛": "hourglass", "⌚": "watch", "🗿": "stone head", "😀": "smiling face", "😂": "laughing face", "🥰": "face in love",
    "😎": "cool face", "🤓": "nerd face", "😍": "heart eyes face", "😴": "sleeping face", "😭": "crying face", "😡": "angry face",
    "😱": "screaming face", "😜": "silly face", "🤢": "sick face", "🥶": "cold face", "🤠": "cowboy", "🥳": "party face",
    "😇": "angel face", "🤡": "clown", "👽": "alien", "👾": "space invader", "💩": "poop", "🎅": "santa claus", "❤": "heart",
    "💔": "broken heart", "👄": "mouth", "👂": "ear", "👃": "nose", "👍": "thumbs up", "👎": "thumbs down", "💪": "strong arm",
    "🛏": "bed", "🪶": "feather", "🖌": "paintbrush", "🕯": "candle", "🛡": "shield", "🕶": "sunglasses", 
    "🏍": "motorcycle", "🌽": "corn", "🦪": "oyster", "🍴": "fork and knife", "🕷": "spider", "🕸": "spider web", "✏": "pencil", "✂": "scissors",
    "☀": "sun", "☁": "cloud", "☂": "umbrella", "❄": "snowflake", "🦷": "tooth", "💍": "ring", "🧥": "coat", "📅": "calendar", "💄": "lipstick",
    "🥊": "boxing glove", "🪄": "magic wand", "🔮": "crystal ball", "🎀": "ribbon", "🥞": "pancakes", "🧤": "gloves", "🧦": "socks", "🎷": "saxophone",
}

SYNONYMS = {
    "dog face": "puppy face,doggy", "dog": "puppy,hound", "cat face": "kitty,kitten face", "cat": "kitten", "rabbit face": "bunny face",
    "rabbit": "bunny", "monkey": "ape", "horse": "pony", "pig face": "piggy", "mouse face": "mouse head", "bear": "teddy face", "bee": "honeybee", "ladybug": "ladybird",
    "dinosaur": "t-rex,trex", "crocodile": "alligator", "whale": "big whale", "dove": "pigeon", "seashell": "shell", 
    "pine tree": "christmas pine,fir tree", "mushroom": "toadstool", "orange fruit": "tangerine,mandarin", 
    "eggplant": "aubergine", "corn": "maize", "hot pepper": "chili", "french fries": "fries,chips", "hamburger": "burger,cheeseburger", "pizza": "slice of pizza,pizza slice",
    "hot dog": "hotdog", "doughnut": "donut", "birthday cake": "cake", "cake slice": "piece of cake", "cookie": "biscuit", "candy": "sweet", "coffee": "cup of coffee,hot drink",
    "beer": "mug of beer,beer mug", "cocktail": "martini", "bread": "loaf of bread", "chicken leg": "drumstick", "noodles": "ramen", "steak": "meat", "soft ice cream": "ice cream cone",
    "car": "automobile", "bus": "coach", "truck": "lorry", "airplane": "plane,aeroplane,jet", "bicycle": "bike", "motorcycle": "motorbike", "ship": "boat", "sailboat": "sailing boat",
    "ufo": "flying saucer,spaceship", "rocket": "space rocket", "fire truck": "fire engine", "fire": "flame", "lightning": "bolt,lightning bolt", "water drop": "droplet",
    "crescent moon": "moon", "gift": "present,gift box", "pumpkin": "jack-o-lantern", "soccer ball": "football ball", "game controller": "gamepad,video game",
    "dice": "die", "t-shirt": "tshirt,shirt", "jeans": "trousers,pants", "sneaker": "shoe,running shoe", "glasses": "eyeglasses", "top hat": "hat", "diamond": "gem,jewel",
    "phone": "mobile phone,smartphone", "laptop": "computer", "television": "tv", "camera": "photo camera", "light bulb": "bulb,idea", "lock": "padlock", "couch": "sofa",
    "envelope": "letter,mail", "swords": "sword", "house": "home", "castle": "fortress", "mountain": "snowy mountain", "globe": "earth,world", "poop": "poo",
    "smiling face": "smiley,happy face", "angry face": "mad face", "crying face": "sad face", "sleeping face": "sleepy face", "skull": "skeleton head", "robot": "robot face,bot",
    "heart": "love heart", "santa claus": "santa", "baby": "baby face", "thumbs up": "like", "ghost": "spirit", "alien": "alien face", "bouquet": "flowers", "tulip": "flower",
    "money bag": "bag of money", "banknote": "money", "trophy": "cup trophy", "suitcase": "luggage", "sunglasses": "shades",
    "teddy bear": "stuffed bear", "handbag": "purse", "stop sign": "octagon", "snowman": "snow man", "fox": "fox face", "panda": "panda face", "lion": "lion face",
    "frog": "frog face", "koala": "koala face", "unicorn": "unicorn face", "wolf": "wolf face", "raccoon": "raccoon face", "hamster": "hamster face",
}

# The words a person tries first are drawn more often in training, and so learned better.
COMMON = """dog face,dog,cat face,cat,fox,lion,tiger face,horse,unicorn,cow face,pig face,rabbit face,rabbit,bear,panda,koala,chicken,chick,bird,penguin,owl,
frog,turtle,snake,dragon,dinosaur,whale,dolphin,fish,shark,octopus,butterfly,bee,elephant,monkey face,mouse face,crab,rose,sunflower,tulip,tree,palm tree,cactus,
mushroom,apple,banana,strawberry,watermelon,pineapple,cherries,lemon,grapes,avocado,carrot,pizza,hamburger,hot dog,taco,doughnut,cookie,birthday cake,cupcake,
ice cream,soft ice cream,coffee,beer,bread,cheese,french fries,car,bus,bicycle,airplane,rocket,ship,sailboat,fast train,house,castle,mountain,sun,crescent moon,star,
cloud,rainbow,umbrella,snowman,fire,heart,crown,diamond,gift,balloon,trophy,soccer ball,basketball,guitar,piano,robot,ghost,alien,skull,smiling face,laughing face,
cool face,angry face,crying face,pumpkin,christmas tree,key,lock,book,phone,laptop,camera,light bulb,ufo,blossom,globe,clown,poop,water drop,lightning,t-shirt,
top hat,eyes,baby,santa claus,helicopter,truck,tractor,game controller,dice""".replace("\n", "").split(",")

# name -> sRGB: of things, and of plain grounds (softer, so that a thing stands off a ground of its own name)
COLOURS = {
    "red": (222, 40, 45), "orange": (245, 135, 25), "yellow": (250, 205, 40), "green": (60, 165, 65), "blue": (45, 110, 225),
    "purple": (135, 70, 190), "pink": (245, 115, 170), "brown": (135, 85, 50), "black": (48, 48, 54), "white": (238, 240, 244),
}
GROUNDS = {
    "white": (255, 255, 255), "red": (205, 60, 60), "orange": (240, 150, 70), "yellow": (248, 222, 115), "green": (110, 185, 110), "blue": (85, 150, 225),
    "purple": (150, 110, 200), "pink": (248, 175, 205), "black": (25, 25, 30), "gray": (150, 155, 160),
}
SCENES = {
    "night": ("at night", "in the night", "under the stars", "at night time"),
    "sunset": ("at sunset", "in the sunset", "at dusk"),
    "grass": ("on grass", "on the grass", "in a meadow", "in a field"),
    "beach": ("on the beach", "at the beach", "on a beach"),
    "snow": ("in the snow", "on snow", "in winter"),
}
FRAMES = ("{}",) * 6 + ("a picture of {}", "an emoji of {}", "an icon of {}", "{} emoji", "a drawing of {}", "picture of {}", "a cute {0}", "draw {}")

# Pairs of words that training never sees together, to measure whether colours and scenes carry over.
HELD_OUT_COLOURS = {
    ("fox", "blue"), ("elephant", "pink"), ("cat face", "green"), ("car", "purple"), ("apple", "blue"), ("dog face", "red"), ("rocket", "green"), ("guitar", "blue"),
    ("butterfly", "orange"), ("house", "yellow"), ("frog", "purple"), ("heart", "green"), ("umbrella", "orange"), ("rabbit face", "blue"), ("dolphin", "pink"),
    ("airplane", "red"), ("key", "pink"), ("mushroom", "blue"), ("crown", "purple"), ("balloon", "brown"), ("owl", "green"), ("t-shirt", "orange"), ("robot", "yellow"), ("bird", "black"),
}
HELD_OUT_SCENES = {
    ("lion", "snow"), ("penguin", "beach"), ("pizza", "grass"), ("robot", "sunset"), ("dragon", "beach"), ("bicycle", "night"), ("panda", "sunset"), ("car", "snow"),
    ("banana", "night"), ("horse", "beach"), ("guitar", "snow"), ("rose", "sunset"), ("turtle", "night"), ("house", "beach"), ("elephant", "snow"), ("soccer ball", "sunset"),
    ("crab", "grass"), ("unicorn", "night"), ("coffee", "snow"), ("cactus", "beach"), ("owl", "grass"), ("ghost", "beach"), ("sailboat", "snow"), ("bus", "grass"),
}


def nouns():
    """[(name, glyph, category)], in a fixed order, each name once."""
    listed, seen = [], set()
    for category, glyphs in GLYPHS.items():
        for glyph in glyphs:
            if glyph == "\ufe0f" or glyph in seen:
                continue
            seen.add(glyph)
            listed.append((SHORT.get(glyph) or unicode_name(glyph), glyph, category))
    names = [name for name, _, _ in listed]
    assert len(set(names)) == len(names), sorted(n for n in names if names.count(n) > 1)
    return listed


def unicode_name(glyph):
    entry = emoji.EMOJI_DATA.get(glyph) or emoji.EMOJI_DATA[glyph + "\ufe0f"]
    return re.sub(r"[^a-z0-9 -]", "", entry["en"].strip(":").replace("_", " ").lower()).strip()


def spellings(name):
    return [name] + [s for s in SYNONYMS.get(name, "").split(",") if s]


def with_article(phrase):
    plural = phrase.endswith("s") and not phrase.endswith(("ss", "us", "bus", "cactus"))
    if plural:
        return phrase
    return ("an " if phrase[0] in "aeiou" and not phrase.startswith(("uni", "ufo")) else "a ") + phrase


def prompt(rng, name, colour=None, ground="white", scene=None, spelling=None):
    """One way, of many, to ask for this picture. `rng` is a random.Random."""
    spelling = spelling or (name if rng.random() < 0.65 else rng.choice(spellings(name)))
    thing = f"{colour} {spelling}" if colour else spelling
    thing = with_article(thing) if rng.random() < 0.75 else thing
    if scene:
        place = rng.choice(SCENES[scene])
    elif ground == "white":
        place = rng.choice(("on white", "on a white background")) if rng.random() < 0.15 else ""
    else:
        place = rng.choice((f"on {ground}", f"on {ground}", f"on a {ground} background", f"with a {ground} background"))
    return " ".join(rng.choice(FRAMES).format(thing).split() + place.split())
