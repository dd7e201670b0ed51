// Making elements of the document. Text always goes in as text, never as markup: names and chat
// come from strangers.

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

/** A button that does something when pressed and gives the keyboard back to the game. */
export function button(className: string, text: string, press: () => void): HTMLButtonElement {
  const element = make('button', className, text);
  element.type = 'button';
  element.addEventListener('click', () => {
    press();
    element.blur();
  });
  return element;
}

/**
 * Sets the text of an element only if it differs: the HUD is written every frame, the document only
 * on change.
 */
export function setText(element: Element, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

/** Whether keys go to a text field at the moment. */
export function isTyping(): boolean {
  return (
    document.activeElement instanceof HTMLInputElement && document.activeElement.type === 'text'
  );
}
