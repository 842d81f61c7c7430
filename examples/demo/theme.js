// @ts-check
// Runs before the first paint, so that a chosen theme does not flash; the switch itself is in the page.
(() => {
  'use strict';
  const THEMES = ['light', 'dark'];

  function stored() {
    try {
      return localStorage.getItem('theme') || 'system';
    } catch {
      return 'system'; // storage is blocked: the system decides
    }
  }

  /** @param {string} theme */
  function apply(theme) {
    if (THEMES.includes(theme)) document.documentElement.dataset.theme = theme;
    else delete document.documentElement.dataset.theme;
  }

  apply(stored());

  document.addEventListener('DOMContentLoaded', () => {
    document.querySelectorAll('input[name="theme"]').forEach((element) => {
      const input = /** @type {HTMLInputElement} */ (element);
      input.checked = input.value === stored();
      input.addEventListener('change', () => {
        apply(input.value);
        try {
          localStorage.setItem('theme', input.value);
        } catch {
          return; // kept until the page is left
        }
      });
    });
  });
})();
