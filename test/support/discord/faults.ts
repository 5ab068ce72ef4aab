/**
 * Faults that a test orders for the next requests: Discord's three kinds of 429, outages, refusals, and connections
 * that break before or after the request was carried out. Knows requests by method and path only.
 */

export type Fault =
  | {
      readonly kind: 'rate-limit';
      readonly scope: 'user' | 'shared' | 'global';
      readonly retryAfterS: number;
      /** A 429 of the edge network has a page of HTML, and may lack the header. */
      readonly hasBody?: boolean;
      readonly hasHeader?: boolean;
    }
  | { readonly kind: 'status'; readonly status: number; readonly code?: number; readonly message?: string }
  /** The socket is cut; `after`: the request was carried out and only its answer is lost. */
  | { readonly kind: 'reset'; readonly moment: 'before' | 'after' }
  | { readonly kind: 'delay'; readonly ms: number };

export type Matcher = { readonly method?: string; readonly path: RegExp };

type Order = { readonly matcher: Matcher; readonly fault: Fault; left: number };

export class Faults {
  readonly #orders: Order[] = [];
  /** Faults that really struck, for a test to see that it tested something. */
  struck = 0;

  /** The next `times` requests that match get the fault; the returned function lifts it early. */
  order(matcher: Matcher, fault: Fault, times = 1): () => void {
    const order: Order = { matcher, fault, left: times };
    this.#orders.push(order);
    return () => {
      order.left = 0;
    };
  }

  take(method: string, path: string): Fault | undefined {
    const order = this.#orders.find(
      (each) =>
        each.left > 0 &&
        (each.matcher.method === undefined || each.matcher.method === method) &&
        each.matcher.path.test(path),
    );
    if (order === undefined) {
      return undefined;
    }
    order.left -= 1;
    this.struck += 1;
    return order.fault;
  }
}
