// Puts the stand-in where a program imports `electron`, and starts what records its tray and notifications.
import { createRequire, registerHooks } from 'node:module';

const standIn = new URL('./module.ts', import.meta.url).href;
registerHooks({
  resolve: (specifier, context, next) =>
    specifier === 'electron' ? { url: standIn, shortCircuit: true } : next(specifier, context),
});
createRequire(import.meta.url)('./recorder.cjs');
