// Builds the arena's page. The framework is read from its sources (`source`), so that no package
// must be built first. `npm run dev` serves the page from here and finds the game on port 9001.
import { defineConfig } from 'vite';

/** Where `npm run serve` listens unless told otherwise. */
const GAME = 'localhost:9001';

export default defineConfig(({ command }) => ({
  resolve: {
    conditions: ['source', 'development|production', 'module', 'browser', 'import', 'default'],
  },
  define: { DEV_SERVER: JSON.stringify(command === 'serve' ? GAME : '') },
  build: {
    target: 'es2022',
    // Inlined files would be data: URLs, which the page's policy allows for pictures only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    // pixi is most of it.
    chunkSizeWarningLimit: 900,
  },
  server: { proxy: { '/rooms': `http://${GAME}` } },
}));
