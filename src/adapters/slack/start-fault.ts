/** What Slack says at the start, as a sentence for the operator: which variable, and what to do. */
import { UserError } from '../../core/errors.ts';
import { isFailure } from '../shared/failure.ts';

/** What goes wrong at the start is the operator's to mend: it is said which variable and what to do. */
export async function orTokenFault<Result>(
  attempt: Promise<Result>,
  variable: string,
  prefix: string,
): Promise<Result> {
  try {
    return await attempt;
  } catch (error) {
    if (isFailure(error, 'token')) {
      const { code } = error;
      throw new UserError(
        'slack.token',
        `Slack refuses the token in ${variable} (${code}). Expected one that begins with ${prefix}; copy it anew from api.slack.com/apps into .env.`,
        { params: { variable, code, prefix }, cause: error },
      );
    }
    const what = error instanceof Error ? error.message : String(error);
    throw new UserError(
      'slack.unreachable',
      `Slack could not be reached: ${what}. Check the connection and SLACK_API_URL, then start again.`,
      { params: { what }, cause: error },
    );
  }
}
