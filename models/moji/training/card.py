"""Stage `card`: the model card, card.md filled with what was measured and exported, into the model folder (--out).

Read from WORK: table.md (`evaluate`), and where they are there blind.md (what `blind` printed), told.md (what told.mjs counted),
agree.md (what `agree` found) and compared.md (what is to be said of `compare`). Says plainly what is not there yet.
"""

import json

import torch
from safetensors import safe_open

import styles
from compose.scenes import PLACES
from export import ACCELERATORS, ALPHA_HEAD, HERE, MANIFEST, STYLE_CARDS

PARTS = {
    "unet": "UNet2DConditionModel, predicts v", "text_encoder": "CLIPTextModel", "vae": "AutoencoderTiny",
    **{file: f"accelerator `{id_}`, kohya names" for id_, (file, _) in ACCELERATORS.items()},
    "styles": "LoRA of rank 8 on the late part (`up_blocks.1`, `up_blocks.2`)", **dict.fromkeys(MANIFEST["upscalers"].values(), "SRVGGNetCompact"), ALPHA_HEAD: "alpha from latents",
}


def parameters(file):
    with safe_open(file, "np") as opened:
        shapes = [opened.get_slice(name).get_shape() for name in opened.keys()]
    return sum(torch.Size(shape).numel() for shape in shapes)


def parts(folder):
    lines = ["| part | what it is | parameters |", "|---|---|---|"]
    for part, what in PARTS.items():
        files = [folder / part] if part.endswith(".safetensors") else sorted((folder / part).glob("*.safetensors"))
        if files:
            each = " each" if len(files) > 1 else ""
            lines.append(f"| `{part}` | {what} | {max(map(parameters, files)) / 1e6:.2f} M{each} |")
    return "\n".join(lines) + "\n"


def said(file, otherwise):
    return file.read_text() if file.exists() else otherwise


def trained(base):
    if not base.get("gpu_spent"):
        return f"in {base['spent'] / 60:.0f} minutes of the two. No data set, no GPU"
    return f"in {base['spent'] / 60:.0f} minutes of the two and {base['gpu_spent'] / 60:.0f} of a GPU. No data set"


def main(work, args):
    folder, base = args.out or work / "moji", torch.load(work / "base.pt", map_location="cpu", weights_only=False, mmap=True)
    sizes = [file.stat().st_size / 1e6 for file in folder.rglob("*.safetensors") if file.parent.name != "styles" and ".fourstep" not in file.parts]
    values = {
        "styles": str(len(STYLE_CARDS)), "megabytes": f"{sum(sizes):.0f}", "things": f"{len(json.loads((folder / 'words.json').read_text())['things'].splitlines()):,}",
        "places": str(len(PLACES)), "parts": parts(folder), "pictures": f"{base['seen']:,}", "trained": trained(base),
        "style_list": ", ".join(f"`{id_}` ({description.rstrip('.')})" for id_, (_, description) in STYLE_CARDS.items()),
        "sheets": ", ".join(f"[{sheet.stem}](sheets/{sheet.name})" for sheet in sorted((folder / "sheets").glob("*.webp"))), "table": (work / "table.md").read_text(),
        "blind": said(work / "blind.md", "This test was not made yet.\n"), "told": said(work / "told.md", ""), "compared": said(work / "compared.md", ""),
        "agree": said(work / "agree.md", "diffusers reads the same files.").strip(), "attributions": " ".join(f"Style `{id_}`: {words}" for id_, (_, words) in styles.HANDS.items()),
    }
    text = (HERE / "card.md").read_text()
    for name, value in values.items():
        text = text.replace("{{" + name + "}}", value)
    assert "{{" not in text, f"the template asks for what the stage does not know: {text[text.index('{{'):][:40]}"
    (folder / "README.md").write_text(text)
    print(f"card: {folder / 'README.md'}")
