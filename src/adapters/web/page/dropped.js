/** What is dropped on the page: its pictures, those of folders too, in the order of their names. */

/** Pictures that were dropped together begin a style to learn, form by form, until all have found room. */
export function createHeap({ mayTrain, begin, takeOne }) {
  let left = [];
  return {
    take(pictures) {
      if (mayTrain() && pictures.length > 1) {
        left = pictures;
        begin();
      } else if (pictures.length > 0) {
        takeOne(pictures[0]);
      }
    },
    /** `ask` shows a form with them and gives back those that found no room in it. */
    fill(ask) {
      left = ask(left);
    },
  };
}

/** Must be called while the event is handled: what was dropped is forgotten after it. */
export async function picturesIn(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  const files = entries.length > 0 ? (await Promise.all(entries.map(filesOf))).flat() : [...transfer.files];
  return files
    .filter(({ type }) => type.startsWith('image/'))
    .toSorted((a, b) => a.name.localeCompare(b.name, undefined, { numeric: true }));
}

/** Whether it is more than the one picture that a drawing starts from. */
export function isSeveral(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.());
  return entries.some((entry) => entry?.isDirectory) || transfer.files.length > 1;
}

async function filesOf(entry) {
  if (entry.isFile) {
    return [await new Promise((resolve, reject) => entry.file(resolve, reject))];
  }
  const reader = entry.createReader();
  const found = [];
  // A folder is read some entries at a time, until there are no more.
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject));
    if (some.length === 0) {
      return (await Promise.all(found.map(filesOf))).flat();
    }
    found.push(...some);
  }
}
