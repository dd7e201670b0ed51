// Stands for checks.ts where a page is bundled for production (the `production` condition: vite
// sets it, esbuild and rollup are told to). Bundlers drop calls of empty functions, and so a page
// carries neither the checks nor their prose. The server runs with them, on the same declaration.
export function checkOptions(): void {}
export function checkTicks(): void {}
export function checkRange(): void {}
export function checkCount(): void {}
export function checkQuat(): void {}
export function checkChoice(): void {}
export function checkKey(): void {}
export function checkSchema(): void {}
export function checkUnjudged(): void {}
export function checkNested(): void {}
export function checkName(): void {}
export function checkDefault(): void {}
export function checkSmooth(): void {}
export function checkFields(): void {}
export function checkTickRate(): void {}
export function checkSteps(): void {}
export function checkPlans(): void {}
