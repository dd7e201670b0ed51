// Builds the squares page. The framework is read from its sources, so that no package is built
// first.
import { defineConfig } from 'vite';

export default defineConfig({
  resolve: {
    conditions: ['source', 'development|production', 'module', 'browser', 'import', 'default'],
  },
  build: { target: 'es2022' },
});
