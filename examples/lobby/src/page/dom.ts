// Making elements of the document, and lists that follow rows. Text always goes in as text, never
// as markup: names and chat come from strangers.

/** A new element with a class and, if given, text. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  className = '',
  text = '',
): HTMLElementTagNameMap[Tag] {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text) element.textContent = text;
  return element;
}

export function button(className: string, text: string, press: () => void): HTMLButtonElement {
  const element = make('button', className, text);
  element.type = 'button';
  element.addEventListener('click', press);
  return element;
}

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

/** The document is written where something changed, however often it is drawn. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
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
