/** What a training run tells at the command line: one line that changes on a terminal, some lines elsewhere, or JSON. */
import type { TrainingEvent } from '../train/index.ts';

/** Off a terminal, one line for so many steps. */
const EVERY = 25;

export class ProgressLine {
  readonly #print: (line: string) => void;
  readonly #isJson: boolean;

  constructor(print: (line: string) => void, isJson: boolean) {
    this.#print = print;
    this.#isJson = isJson;
  }

  show(event: TrainingEvent): void {
    if (this.#isJson) {
      this.#print(JSON.stringify(event));
      return;
    }
    switch (event.kind) {
      case 'encoded':
        this.#line(`picture ${event.pictures} of ${event.of} encoded`, event.pictures === event.of);
        return;
      case 'step': {
        const { step, steps, loss, secondsLeft } = event;
        const text = `step ${step} of ${steps}  loss ${loss.toFixed(4)}  ${timeLeft(secondsLeft)} left`;
        this.#line(text, step % EVERY === 0 || step === steps);
        return;
      }
      case 'saved':
        return;
      default:
        event satisfies never;
    }
  }

  preview(file: string | undefined): void {
    if (file !== undefined) {
      this.#print(this.#isJson ? JSON.stringify({ kind: 'preview', file }) : `preview: ${file}`);
    }
  }

  #line(text: string, isMilestone: boolean): void {
    if (process.stdout.isTTY) {
      process.stdout.write(`\r${text}\u001B[K${isMilestone ? '\n' : ''}`);
    } else if (isMilestone) {
      this.#print(text);
    }
  }
}

/** `1 h 5 min`, `3 min`, `40 s` */
export function timeLeft(seconds: number): string {
  const whole = Math.ceil(seconds);
  if (whole < 90) {
    return `${whole} s`;
  }
  const minutes = Math.round(whole / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
