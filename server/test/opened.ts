// What a test opens and nobody closes for it: servers, deployments. For suites whose tests open
// different things, or several; `afterEach(closeOpened)` ends them, the newest first.
const opens: { close(): Promise<unknown> }[] = [];

/** What is given, to be closed after the test. */
export function opened<T extends { close(): Promise<unknown> }>(one: T): T {
  opens.push(one);
  return one;
}

export async function closeOpened(): Promise<void> {
  for (const one of opens.splice(0).reverse()) await one.close();
}
