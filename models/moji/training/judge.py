"""Stage `judge`: a small convolutional net that says everything it sees in a picture: things, place, ground, count, relation, colour.

It learns from compositions of four art sets that are **not** the house's, and never from generated pictures: nothing that moji
draws can be known to it by heart. So its scores mean something only beside its ceiling, the same scores on real composed
house art. One more answer, whose hand drew it, is learnt from all sets and looks; its 64 features serve for the Frechet distance.
"""

import random

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

import precision
import styles
from clock import Clock
from compose import Glyphs, sample
from compose.paint import COLOURS, GROUNDS
from compose.scenes import PLACES
from compose.things import name_of
from optim import Average, Pair

MINUTES = 40
SETS = ("noto", "blob", "twemoji", "emojione")
HEADS = {
    "place": [None, *PLACES], "ground": [None, *GROUNDS], "count": [None, 2, 3, 4, 5], "colour": [None, *COLOURS],
    "relation": [None, "beside", "in front of", "wearing", "holding", "riding", "in", "on", "around", "and"], "hand": ["house", *styles.STYLES],
}
IGNORE = -100


def names_of(glyphs):
    """What things are told apart: the names, not the drawings, that the house has."""
    return sorted({name_of(label) for label in (*glyphs.all, *glyphs.people)})


class Judge(nn.Module):
    def __init__(self, things):
        super().__init__()
        widths, layers, before = (32, 64, 128, 224), [], 3
        for width in widths:
            layers += [nn.Conv2d(before, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU(), nn.MaxPool2d(2)]
            layers += [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
            before = width
        self.trunk = nn.Sequential(*layers)
        self.features = nn.Linear(before * 4, 64)
        self.by_features = nn.Linear(64, things)
        self.things = nn.Conv2d(before, things, 1)  # wherever it stands
        self.heads = nn.ModuleDict({name.replace(" ", "_"): nn.Linear(before * 4, len(labels)) for name, labels in HEADS.items()})

    def forward(self, pictures):
        """float [B, 3, 96, 96] in -1..1 -> logits by head ("things" multi-label), and features [B, 64]"""
        seen = self.trunk(pictures)  # [B, 224, 6, 6]
        pooled = F.adaptive_max_pool2d(seen, 2).flatten(1)
        features = self.features(pooled)
        logits = {name: head(pooled) for name, head in self.heads.items()}
        logits["things"] = torch.logsumexp(self.things(seen).flatten(2), 2) - 3.0
        logits["things_by_features"] = self.by_features(features)  # keeps the 64 features about content
        return logits, features


def prepare(pictures):
    """uint8 [B, 128, 128, 3] -> float [B, 3, 96, 96]"""
    x = torch.from_numpy(pictures).permute(0, 3, 1, 2).float().div(127.5).sub(1)
    return F.interpolate(x, size=(96, 96), mode="bilinear", antialias=True).contiguous(memory_format=torch.channels_last)


def load(work):
    state = torch.load(work / "judge.pt", map_location="cpu", weights_only=False)
    model = Judge(len(state["names"])).to(memory_format=torch.channels_last)
    model.load_state_dict(state["average"])
    return model.eval().requires_grad_(False), state["names"]


class Pool:
    """Composed pictures of the judge's sets with what is in them; of the house and the styles only the hand is told."""

    def __init__(self, work, rng, names, size=5000):
        self.rng, self.index = rng, {name: n for n, name in enumerate(names)}
        self.sets = {name: Glyphs(work, name) for name in {*SETS, *(hand for hand, _ in styles.HANDS.values()), "house"}}
        drawn = [self.fresh() for _ in range(size)]
        self.pictures, self.things, self.answers = np.stack([d[0] for d in drawn]), [d[1] for d in drawn], np.array([d[2] for d in drawn])

    def fresh(self):
        """(picture, indices of things or None where they are not to be learnt, one answer a head)"""
        dice = self.rng.random()
        if dice < 0.8:
            made = sample(self.sets[self.rng.choice(SETS)], self.rng)
            hand = IGNORE
        else:
            style = self.rng.choice(HEADS["hand"])
            made = sample(self.sets["house"], self.rng) if style == "house" else styles.picture_of(style, self.sets[styles.HANDS[style][0] if style in styles.HANDS else "house"], self.rng)
            hand = HEADS["hand"].index(style)
        facts = made.facts
        if hand != IGNORE:
            return made.picture, None, [IGNORE] * (len(HEADS) - 1) + [hand]
        things = sorted({self.index[name_of(label)] for label in facts["things"] if name_of(label) in self.index})
        count = facts.get("count") if facts.get("count") in HEADS["count"] else None
        found = {"place": facts["place"], "ground": facts["ground"], "count": count, "colour": facts.get("colour"), "relation": facts.get("relation")}
        return made.picture, things, [HEADS[head].index(value) if value in HEADS[head] else IGNORE for head, value in found.items()] + [IGNORE]

    def batch(self, count):
        for _ in range(10):
            n = self.rng.randrange(len(self.pictures))
            self.pictures[n], self.things[n], self.answers[n] = self.fresh()
        picked = [self.rng.randrange(len(self.pictures)) for _ in range(count)]
        x = prepare(self.pictures[picked])
        if self.rng.random() < 0.5:  # the decoder's softness must not be news to the judge
            soft = F.avg_pool2d(F.pad(x, (1, 1, 1, 1), mode="replicate"), 3, 1)
            x = x.lerp(soft, self.rng.random())
        x = x + torch.randn_like(x) * 0.05 * self.rng.random()
        target, told = torch.zeros(count, len(self.index)), torch.zeros(count, 1)
        for row, n in enumerate(picked):
            if self.things[n] is not None:
                told[row] = 1
                target[row, self.things[n]] = 1
        return x, target, told, torch.from_numpy(self.answers[picked]).long()


def main(work, args):
    torch.manual_seed(6)
    torch.set_num_threads(args.threads)
    rng, names = random.Random(6), names_of(Glyphs(work))
    clock = Clock("judge", work, args.minutes or MINUTES)
    model = Judge(len(names)).to(memory_format=torch.channels_last)
    optimiser, average = Pair(model.named_parameters(), lr=3e-3, adam_lr=2e-3, not_matrices=("heads", "features", "things", "trunk.0.")), Average(model, 0.99)
    if saved := clock.resume():
        model.load_state_dict(saved["model"])
        optimiser.load_state_dict(saved["optimiser"])
        average.weights, average.steps = saved["average"], saved["step"]
    pool, running = Pool(work, rng, names), clock.progress < 1
    clock.start()
    while running:
        x, target, told, answers = pool.batch(48)
        with precision.autocast():
            logits, _ = model(x)
        missed = F.binary_cross_entropy_with_logits(logits["things"].float(), target, pos_weight=torch.tensor(8.0), reduction="none").mean(1, keepdim=True)
        by_features = F.binary_cross_entropy_with_logits(logits["things_by_features"].float(), target, pos_weight=torch.tensor(8.0), reduction="none").mean(1, keepdim=True)
        loss = ((missed + 0.5 * by_features) * told).sum() / told.sum().clamp(min=1) * 40
        for n, head in enumerate(HEADS):
            if (answers[:, n] != IGNORE).any():
                loss = loss + F.cross_entropy(logits[head.replace(" ", "_")].float(), answers[:, n], ignore_index=IGNORE, label_smoothing=0.05)
        loss.backward()
        optimiser.step(clock.rate(warmup_steps=40))
        average.update(model)
        running = clock.tick(48, loss=float(loss.detach()))
        if clock.due(60) or not running:
            clock.save(model=model.state_dict(), optimiser=optimiser.state_dict(), average=average.weights, names=names)
