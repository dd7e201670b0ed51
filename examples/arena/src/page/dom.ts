// What the arena adds to the elements of a document: the keyboard is the game's, unless somebody
// types. Used by whatever can be pressed or typed into while one flies.
import { button as plainButton } from '@tickwire/kit/dom';

/** A button that does something when pressed and gives the keyboard back to the game. */
export function button(className: string, text: string, press: () => void): HTMLButtonElement {
  const element = plainButton(className, text, () => {
    press();
    element.blur();
  });
  return element;
}

/** Whether keys go to a text field at the moment. */
export function isTyping(): boolean {
  return (
    document.activeElement instanceof HTMLInputElement && document.activeElement.type === 'text'
  );
}
