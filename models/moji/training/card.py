"""Stage `card`: the model card, card.md filled with what was measured and exported, into the model folder (--out).

WORK/table.md is `evaluate`'s; WORK/blind.md, where it is there, what `blind` printed. Says plainly what is not there yet.
"""

import json

import styles
from export import HERE, STYLE_CARDS


def main(work, args):
    folder, blind = args.out or work / "moji", work / "blind.md"
    sizes = [file.stat().st_size / 1e6 for file in folder.rglob("*.safetensors") if file.parent.name != "styles" and ".fourstep" not in file.parts]
    values = {
        "styles": str(len(STYLE_CARDS)), "megabytes": f"{sum(sizes):.0f}", "things": f"{len(json.loads((folder / 'words.json').read_text())['things'].splitlines()):,}",
        "style_list": ", ".join(f"`{id_}` ({description.rstrip('.').lower()})" for id_, (_, description) in STYLE_CARDS.items()),
        "sheets": ", ".join(f"[{sheet.stem}](sheets/{sheet.name})" for sheet in sorted((folder / "sheets").glob("*.png"))), "table": (work / "table.md").read_text(),
        "blind": blind.read_text() if blind.exists() else "The blind test was not made yet.", "attributions": " ".join(f"Style `{id_}`: {words}" for id_, (_, words) in styles.HANDS.items()),
    }
    text = (HERE / "card.md").read_text()
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    assert "{{" not in text, f"the template asks for what the stage does not know: {text[text.index('{{'):][:40]}"
    (folder / "README.md").write_text(text)
    print(f"card: {folder / 'README.md'}")
