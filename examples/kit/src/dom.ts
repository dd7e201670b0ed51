// Elements of a document. Text always goes in as text, never as markup: names and chat come from
// strangers. Used by the pages of the arena and the lobby, which have elements of their own beside.

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

/** Submits nothing, whatever it stands in. */
export function button(className: string, text: string, press: () => void): HTMLButtonElement {
  const element = make('button', className, text);
  element.type = 'button';
  element.addEventListener('click', press);
  return element;
}

/** Draws every frame, and writes to the document only where something changed. */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}
