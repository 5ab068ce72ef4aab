/** What `bench device` found, as data: printed for people, or as it is for programs. */
import type { Timing } from './timing.ts';
import type { TorchFigures } from './torch.ts';

/** UNet rows of a call: in no style, all in one, each in its own, and each in its own in another company with every call. */
export const STYLINGS = ['plain', 'same', 'mixed', 'changing'] as const;
export type Styling = (typeof STYLINGS)[number];

export type CallFigures = Timing & {
  readonly rows: number;
  /** Sent to the device, of one call; 0 on a processor. */
  readonly uploadedBytes: number;
};
/** Of a count of rows that the device could not do. */
export type Failure = { readonly rows: number; readonly error: string };
export type Figures = CallFigures | Failure;

export type PictureFigures = { readonly rows: number; readonly pictures: number; readonly picturesPerSecond: number };

export type DeviceReport = {
  readonly device: string;
  /** As the driver names the card, where one does. */
  readonly card: string | undefined;
  readonly forms: string;
  readonly model: string;
  readonly width: number;
  readonly height: number;
  readonly unet: Readonly<Record<Styling, readonly Figures[]>>;
  readonly text: Timing | Failure | undefined;
  readonly decode: Readonly<Record<'full' | 'tiny', readonly Figures[]>>;
  readonly pictures: readonly (PictureFigures | Failure)[];
  /** Of the device, or of this process where the device does not say. */
  readonly memory: { readonly source: string; readonly usedBytes: number; readonly weightBytes: number };
  /** Rows that memory was worked out to have room for. */
  readonly mostRows: number;
  /** What drawing will take of the curve. */
  readonly rowsWorthTheirWait: number | undefined;
  readonly torch: TorchFigures | undefined;
  /** ‖y − torch fp32‖ / ‖torch fp32‖ of a call of one row over the same weights. */
  readonly differenceFromTorch: number | undefined;
  readonly curveFile: string | undefined;
  /** What was left out, for the time was over. */
  readonly leftOut: readonly string[];
};

export function hasFailed(figures: object): figures is Failure {
  return 'error' in figures;
}
