/**
 * What a failed request to a chat's service means for what is done next, as data: each client turns its library's errors
 * and its service's codes into these kinds once, and everybody else asks for the kind. Knows no service.
 */
export type FailureKind =
  /** No answer, a limit, or trouble on their side: the same request may succeed later. */
  | 'passing'
  /** The three seconds, or the time of a form's trigger, are over. */
  | 'late'
  /** Somebody else, or an earlier try, has acknowledged it. */
  | 'acknowledged'
  /** The token or address by which the answer was to go is over; other ways may be open. */
  | 'expired'
  /** The message is not there any more: its people have deleted it. */
  | 'gone'
  /** The bot cannot speak there: no permission, archived, locked, no such channel. */
  | 'shut-out'
  /** Words can be said there, files cannot: a missing permission, full storage, uploads turned off. */
  | 'no-files'
  | 'too-large'
  /** The service refuses our token. */
  | 'token'
  /** Anything else it refuses for good. */
  | 'refused';

export type RequestFailureOptions = {
  readonly kind: FailureKind;
  /** The service's own code or status, in words. */
  readonly code?: string;
  /** How long the service asks us to wait. */
  readonly afterMs?: number;
  /** It may have been carried out all the same. */
  readonly mayHaveArrived?: boolean;
  /** The service's details, such as where a block is wrong. */
  readonly details?: readonly string[];
  readonly cause?: unknown;
};

/** Its message carries no token, no prompt and no picture: it goes into the log. */
export class RequestFailure extends Error {
  override readonly name = 'RequestFailure';
  readonly kind: FailureKind;
  readonly code: string;
  readonly afterMs: number;
  readonly mayHaveArrived: boolean;
  readonly details: readonly string[];

  constructor(message: string, options: RequestFailureOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.kind = options.kind;
    this.code = options.code ?? '';
    this.afterMs = options.afterMs ?? 0;
    this.mayHaveArrived = options.mayHaveArrived ?? false;
    this.details = options.details ?? [];
  }
}

/** `fault`: none of a service's; a mistake of ours. */
export function failureKind(error: unknown): FailureKind | 'fault' {
  return error instanceof RequestFailure ? error.kind : 'fault';
}

export function isFailure(error: unknown, ...kinds: readonly FailureKind[]): error is RequestFailure {
  return error instanceof RequestFailure && (kinds.length === 0 || kinds.includes(error.kind));
}

/** Runs the request; what it fails with is undefined where it is one of the kinds, and thrown otherwise. */
export async function unless<Result>(
  kinds: readonly FailureKind[],
  request: () => Promise<Result>,
): Promise<Result | undefined> {
  try {
    return await request();
  } catch (error) {
    if (!isFailure(error, ...kinds)) {
      throw error;
    }
    return undefined;
  }
}
