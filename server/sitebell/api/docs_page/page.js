// @ts-check
// Hands the colours of page.css to RapiDoc, which takes them as attributes, and switches between light and dark.

(() => {
  const root = document.documentElement;
  const viewer = /** @type {HTMLElement} */ (document.querySelector('rapi-doc'));
  const button = /** @type {HTMLElement} */ (document.querySelector('#theme'));
  const prefersDark = matchMedia('(prefers-color-scheme: dark)');

  /** @type {Record<string, string>} attribute of RapiDoc to colour of ours */
  const COLOURS = {
    'bg-color': '--paper',
    'text-color': '--ink',
    'primary-color': '--brass',
    'header-color': '--card',
    'nav-bg-color': '--card',
    'nav-text-color': '--ink',
    'nav-hover-bg-color': '--brass-soft',
    'nav-hover-text-color': '--ink',
    'nav-accent-color': '--brass',
    'nav-accent-text-color': '--card',
  };

  /** @param {boolean} dark */
  function paint(dark) {
    root.dataset.theme = dark ? 'dark' : 'light';
    const style = getComputedStyle(root);
    for (const [attribute, colour] of Object.entries(COLOURS)) {
      viewer.setAttribute(attribute, style.getPropertyValue(colour).trim());
    }
    viewer.setAttribute('theme', dark ? 'dark' : 'light');
    button.textContent = dark ? 'Light' : 'Dark';
  }

  button.addEventListener('click', () => paint(root.dataset.theme !== 'dark'));
  prefersDark.addEventListener('change', () => paint(prefersDark.matches));
  paint(prefersDark.matches);
})();
