// What the lobby adds to the elements of a document: lines to type in, parts of the page, and lists
// that follow rows. Used by each part of the page.
import { make } from '@tickwire/kit/dom';

/** A line to type in, and what is done with it at Enter. */
export function field(hint: string, maxLength: number, enter: (text: string) => void) {
  const element = make('input');
  element.type = 'text';
  element.maxLength = maxLength;
  element.placeholder = hint;
  element.setAttribute('aria-label', hint);
  element.addEventListener('keydown', ({ key, isComposing }) => {
    if (key === 'Enter' && !isComposing) enter(element.value);
  });
  return element;
}

/** A part of the page with a heading. */
export function panel(className: string, title: string): HTMLElement {
  const section = make('section', `panel ${className}`);
  section.append(make('h2', '', title));
  return section;
}

/** Elements of a list, one for each item, kept by the item's key. */
export class Rows<T> {
  readonly #root: HTMLElement;
  readonly #key: (item: T) => string | number;
  readonly #made: (item: T) => HTMLElement;
  readonly #fill: (element: HTMLElement, item: T) => void;
  #known = new Map<string | number, HTMLElement>();

  constructor(
    root: HTMLElement,
    key: (item: T) => string | number,
    made: (item: T) => HTMLElement,
    fill: (element: HTMLElement, item: T) => void = () => {},
  ) {
    this.#root = root;
    this.#key = key;
    this.#made = made;
    this.#fill = fill;
  }

  /** In this order. Answers whether there is another one than before. */
  draw(items: readonly T[]): boolean {
    const known = new Map<string | number, HTMLElement>();
    for (const item of items) {
      const key = this.#key(item);
      const element = this.#known.get(key) ?? this.#made(item);
      this.#fill(element, item);
      known.set(key, element);
    }
    const elements = [...known.values()];
    const isSame =
      elements.length === this.#root.childElementCount &&
      elements.every((element, index) => this.#root.children[index] === element);
    if (!isSame) this.#root.replaceChildren(...elements);
    this.#known = known;
    return !isSame;
  }
}
