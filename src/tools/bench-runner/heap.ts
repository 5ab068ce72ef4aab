/**
 * A binary heap: the smallest by a comparison first. Knows nothing of what it holds; nothing can be removed but the
 * first, so its user skips entries that have gone stale.
 */
export class Heap<Item> {
  readonly #items: Item[];
  readonly #compare: (a: Item, b: Item) => number;

  /** Takes the array over and orders it in linear time. */
  constructor(items: Item[], compare: (a: Item, b: Item) => number) {
    this.#items = items;
    this.#compare = compare;
    for (let at = (items.length >> 1) - 1; at >= 0; at--) {
      this.#sink(at);
    }
  }

  get first(): Item | undefined {
    return this.#items[0];
  }

  push(item: Item): void {
    const items = this.#items;
    let at = items.length;
    items.push(item);
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = items[parent];
      if (above === undefined || this.#compare(above, item) <= 0) {
        break;
      }
      items[at] = above;
      at = parent;
    }
    items[at] = item;
  }

  pop(): Item | undefined {
    const items = this.#items;
    const first = items[0];
    const last = items.pop();
    if (last !== undefined && items.length > 0) {
      items[0] = last;
      this.#sink(0);
    }
    return first;
  }

  #sink(start: number): void {
    const items = this.#items;
    const item = items[start];
    if (item === undefined) {
      return;
    }
    let at = start;
    for (;;) {
      const left = 2 * at + 1;
      const leftItem = items[left];
      if (leftItem === undefined) {
        break;
      }
      const rightItem = items[left + 1];
      const isRight = rightItem !== undefined && this.#compare(rightItem, leftItem) < 0;
      const child = isRight ? rightItem : leftItem;
      if (this.#compare(item, child) <= 0) {
        break;
      }
      items[at] = child;
      at = isRight ? left + 1 : left;
    }
    items[at] = item;
  }
}
