// Builds the lobby's page. The framework is read from its sources, so that no package is built
// first.
import { defineConfig } from 'vite';

export default defineConfig({
  resolve: {
    conditions: ['source', 'development|production', 'module', 'browser', 'import', 'default'],
  },
  // Inlined files would be data: URLs, which the page's policy allows for pictures only.
  build: { target: 'es2022', assetsInlineLimit: 0, modulePreload: { polyfill: false } },
});
