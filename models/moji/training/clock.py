"""A stage's life: a budget of processor time, learning-rate shape, progress lines and checkpoints.

A stage is planned in minutes, not steps, so that it ends on time on any machine; a checkpoint remembers the minutes spent.
Minutes are those of the processor in the first thread: a busy machine, or a process that was stopped, costs a stage nothing. Where a
card does the work they are the wall's (`timer`).
"""

import math
import time

import torch


class Clock:
    def __init__(self, name, work, minutes, every=20.0, timer=time.thread_time):
        self.name, self.path, self.timer = name, work / f"{name}.pt", timer
        self.budget, self.spent, self.step, self.seen, self.every = minutes * 60, 0.0, 0, 0, every
        self.last, self.said, self.saved = timer(), 0.0, 0.0
        self.notes = {}

    def resume(self):
        """The last checkpoint's state, or None."""
        if not self.path.exists():
            return None
        state = torch.load(self.path, map_location="cpu", weights_only=False)
        self.spent, self.step, self.seen = state["spent"], state["step"], state["seen"]
        self.said = self.saved = self.spent
        print(f"{self.name}: resumed at {self.spent / 60:.1f} min, step {self.step}", flush=True)
        return state

    def start(self):
        """Work begins now; what was loaded and drawn before is not counted."""
        self.last = self.timer()

    @property
    def progress(self):
        return min(1.0, self.spent / self.budget)

    def rate(self, warmup_steps=100, flat=0.3, floor=0.02):
        """Warm-up, a plateau for the share `flat`, then a cosine down to `floor`."""
        ease = max(0.0, (self.progress - flat) / (1 - flat))
        return min(1.0, (self.step + 1) / warmup_steps) * (floor + (1 - floor) * (0.5 + 0.5 * math.cos(math.pi * ease)))

    def tick(self, batch, **notes):
        """Count a step; True while there is time left."""
        now = self.timer()
        self.spent, self.last = self.spent + now - self.last, now
        self.step, self.seen = self.step + 1, self.seen + batch
        for key, value in notes.items():
            if not math.isfinite(value):
                raise SystemExit(f"{self.name}: {key} is no number any more at step {self.step}; the last checkpoint is from before")
            self.notes[key] = value if key not in self.notes else self.notes[key] * 0.98 + value * 0.02
        if self.spent - self.said > self.every:
            self.said = self.spent
            numbers = " ".join(f"{k} {v:.4f}" for k, v in self.notes.items())
            print(f"{self.name} {self.spent / 60:5.1f}/{self.budget / 60:.0f} min  step {self.step}  {self.seen / self.spent:.0f}/s  {numbers}", flush=True)
        return self.spent < self.budget

    def due(self, seconds=120.0):
        """Whether it is time for a checkpoint."""
        if self.spent - self.saved < seconds:
            return False
        self.saved = self.spent
        return True

    def save(self, **state):
        temporary = self.path.with_suffix(".tmp")
        torch.save({"spent": self.spent, "step": self.step, "seen": self.seen, **state}, temporary)
        temporary.rename(self.path)
