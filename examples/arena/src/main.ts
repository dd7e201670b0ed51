// The page's entry: makes the parts, joins a room at once, and runs the frame loop that ties them
// together. `window.arena` is for looking in from the console and from the browser tests; nothing
// on the page uses it.

import { Page } from './page/page.ts';

declare global {
  interface Window {
    arena: Page['handle'];
  }
}

const page = await Page.open();
window.arena = page.handle;
page.run();
