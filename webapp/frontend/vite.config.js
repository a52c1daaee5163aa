import { resolve } from 'node:path';
import { defineConfig } from 'vite';

const entry = (path) => resolve(import.meta.dirname, 'src', path);

// CodeMirror (under the properties panel) writes a <style> element, which our Content-Security-Policy forbids. It can
// use a constructable style sheet instead, but does so only in shadow roots; this lets it do so everywhere.
function constructableStyleSheets() {
  const before = '!root.head && root.adoptedStyleSheets';
  return {
    name: 'constructable-style-sheets',
    transform(code, id) {
      if (!id.includes('style-mod/src/style-mod.js')) return null;
      if (!code.includes(before)) throw new Error('style-mod has changed: look at the Content-Security-Policy again');
      return { code: code.replace(before, 'root.adoptedStyleSheets'), map: null };
    },
  };
}

export default defineConfig({
  root: import.meta.dirname,
  base: '/static/dist/',
  publicDir: false,
  plugins: [constructableStyleSheets()],
  build: {
    outDir: resolve(import.meta.dirname, '../static/dist'),
    emptyOutDir: true,
    manifest: 'manifest.json',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    target: 'es2022',
    chunkSizeWarningLimit: 2000,
    rolldownOptions: {
      checks: { eval: false }, // htmx has one, which main.js turns off
      input: { app: entry('app/main.js'), drawing: entry('drawing/main.js'), editor: entry('editor/main.js') },
    },
  },
});
