'use strict';

const NODE = ['Buffer', 'clearTimeout', 'console', 'exports', 'global', 'module', 'process'];
const MORE_NODE = ['require', 'setTimeout', 'structuredClone', '__dirname', 'URL'];
const BROWSER = ['AbortSignal', 'clearTimeout', 'console', 'fetch', 'setTimeout', 'URL'];
const TWILIO = ['Runtime', 'Twilio'];

const readonly = (names) => Object.fromEntries(names.map((name) => [name, 'readonly']));

// ESLint merges globals: what only Node has is taken away again.
function browserOnly() {
  const off = Object.fromEntries([...NODE, ...MORE_NODE, ...TWILIO].map((name) => [name, 'off']));
  return { ...off, ...readonly(BROWSER) };
}

module.exports = [
  { ignores: ['**/node_modules/**'] },
  {
    files: ['**/*.js'],
    linterOptions: { reportUnusedDisableDirectives: true },
    languageOptions: {
      ecmaVersion: 2023,
      sourceType: 'commonjs',
      globals: readonly([...NODE, ...MORE_NODE, ...TWILIO]),
    },
    rules: {
      ...require('@eslint/js').configs.recommended.rules,
      complexity: ['error', 10],
      eqeqeq: 'error',
      'max-lines': ['error', { max: 300, skipBlankLines: true }],
      'max-lines-per-function': ['error', { max: 60, skipBlankLines: true }],
      'no-unused-vars': ['error', { varsIgnorePattern: '^_$' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'require-atomic-updates': 'off', // one lane is one function's alone
      strict: ['error', 'global'],
    },
  },
  {
    files: ['**/assets/**/*.js'],
    languageOptions: { sourceType: 'module', globals: browserOnly() },
    rules: { strict: 'off' },
  },
];
